import { type AddressInfo, connect, createServer } from 'node:net'

/** A way to a server that counts how often a client waits for an answer before it sends more. */
export interface CountedWay {
  readonly port: number
  /** Ways to the server and back while the work runs. */
  during(work: () => Promise<unknown>): Promise<number>
  stop(): Promise<void>
}

/**
 * Counts by the order of what passes, never by time: it shares the client's event loop, so that all that a client sends
 * at once is here before any answer to it.
 */
export async function countedWay(behind: number): Promise<CountedWay> {
  let trips = 0
  let answered = true
  const server = createServer((client) => {
    const upstream = connect(behind, '127.0.0.1')
    for (const socket of [client, upstream]) socket.on('error', () => undefined)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    client.on('data', (chunk) => {
      if (answered) trips++
      answered = false
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
      answered = true
      client.write(chunk)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    port: (server.address() as AddressInfo).port,
    async during(work) {
      trips = 0
      answered = true
      await work()
      return trips
    },
    async stop() {
      await new Promise((done) => server.close(done))
    },
  }
}
