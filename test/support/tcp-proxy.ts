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
  /** The connections that are open pass nothing on any more, and are not closed either: their other end has vanished. */
  strand(): void
  /** Is asked of each chunk that comes; one that it does not let pass goes nowhere. Null lets all pass. */
  watch(pass: Watch | null): void
  /** Passes each answer on so many milliseconds later. */
  delay(ms: number): void
  stop(): Promise<void>
}

/** @param way to the server, or from it. */
export type Watch = (way: 'request' | 'answer', chunk: Buffer) => boolean

/** @param answer makes what passes a client's answers on to it; default: as they are. */
export async function tcpProxy(
  behind: number,
  answer: (client: Socket) => (chunk: Buffer) => void = (client) => (chunk) => client.write(chunk),
): Promise<TcpProxy> {
  const open = new Set<Socket>()
  let target = behind
  let refusing = false
  let delayMs = 0
  let hangs = false
  const kept: (() => void)[] = []
  const stranded = new WeakSet<Socket>()
  let watched: Watch | null = null
  const pass = (client: Socket, send: () => void): void => {
    if (stranded.has(client)) return
    if (hangs) kept.push(send)
    else send()
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
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (chunk: Buffer) => {
      if (watched?.('request', chunk) ?? true) pass(client, () => upstream.write(chunk))
    })
    const respond = answer(client)
    // Timers of one length fire in their order
    upstream.on('data', (chunk: Buffer) => {
      if (watched?.('answer', chunk) ?? true)
        pass(client, () => (delayMs > 0 ? setTimeout(() => respond(chunk), delayMs) : respond(chunk)))
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
      if (!now) for (const send of kept.splice(0)) send()
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
