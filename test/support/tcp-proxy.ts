import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a server on loopback that a test can cut, close, and lead to another server. */
export interface TcpProxy {
  readonly port: number
  /** Leads new connections to another port, and ends those that are open. */
  lead(port: number): void
  /** Ends every connection that is open now. */
  cut(): void
  /** Ends what is open, and refuses what comes, until it is called with false. */
  close(closed: boolean): void
  /** Takes what comes, and passes nothing on, in neither direction, until it is called with false: a server that hangs. */
  hang(hangs: boolean): void
  /** Likewise; and what clients sent before they gave up arrives all the same in the end. */
  hold(holds: boolean): void
  /** What goes one way is lost, until it is called with null: then the connections that have lost something end. */
  lose(way: Way | null): void
  /** The connections that are open pass nothing on any more, and are not closed either: their other end has vanished. */
  strand(): void
  /** Is asked of each chunk that comes; one that it does not let pass goes nowhere. Null lets all pass. */
  watch(pass: Watch | null): void
  /** Passes each answer on so many milliseconds later. */
  delay(ms: number): void
  stop(): Promise<void>
}

/** To the server, or from it. */
export type Way = 'request' | 'answer'

export type Watch = (way: Way, chunk: Buffer) => boolean

/** Makes what passes on the chunks of one way of a connection. */
export type Pass = (to: Socket, client: Socket) => (chunk: Buffer) => void

const asTheyAre: Pass = (to) => (chunk) => void to.write(chunk)

/** @param passes what comes between; default: nothing. */
export async function tcpProxy(behind: number, passes: Readonly<Partial<Record<Way, Pass>>> = {}): Promise<TcpProxy> {
  const open = new Set<Socket>()
  let target = behind
  let refusing = false
  let delayMs = 0
  let hangs = false
  let holds = false
  let lost: Way | null = null
  const kept: (() => void)[] = []
  const late = new Set<Socket>()
  const torn = new Set<Socket>()
  const stranded = new WeakSet<Socket>()
  let watched: Watch | null = null
  const pass = (way: Way, client: Socket, send: () => void): void => {
    if (stranded.has(client)) return
    if (lost === way) return void torn.add(client)
    if (hangs || holds) kept.push(send)
    else send()
  }
  const passOn = (): void => {
    for (const send of kept.splice(0)) send()
    for (const upstream of late) upstream.end()
    late.clear()
  }
  const server = createServer((client) => {
    client.on('error', () => undefined)
    if (refusing) return client.resetAndDestroy()
    const upstream = connect(target, '127.0.0.1')
    upstream.on('error', () => undefined)
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('close', () => {
        open.delete(socket)
        torn.delete(client)
        client.destroy()
        if (holds) late.add(upstream)
        else upstream.destroy()
      })
    }
    const request = (passes.request ?? asTheyAre)(upstream, client)
    client.on('data', (chunk: Buffer) => {
      if (watched?.('request', chunk) ?? true) pass('request', client, () => request(chunk))
    })
    const respond = (passes.answer ?? asTheyAre)(client, client)
    // Timers of one length fire in their order
    upstream.on('data', (chunk: Buffer) => {
      if (watched?.('answer', chunk) ?? true)
        pass('answer', client, () => (delayMs > 0 ? setTimeout(() => respond(chunk), delayMs) : respond(chunk)))
    })
    return undefined
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const cut = (): void => {
    for (const socket of open) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    lead(port) {
      target = port
      cut()
    },
    close(closed) {
      refusing = closed
      if (closed) cut()
    },
    hang(now) {
      hangs = now
      if (!now) passOn()
    },
    hold(now) {
      holds = now
      if (!now) passOn()
    },
    lose(way) {
      lost = way
      if (way === null) for (const client of torn) client.destroy()
    },
    strand() {
      for (const socket of open) stranded.add(socket)
    },
    watch(pass) {
      watched = pass
    },
    delay(ms) {
      delayMs = ms
    },
    async stop() {
      cut()
      await new Promise((done) => server.close(done))
    },
  }
}
