import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Below the range from which systems number outgoing connections, so that a remembered port seldom gets taken. */
const range = [21_000, 30_000] as const

/** How long the last user of a port may take to let it go: a server's threads end after the server seems gone. */
const releaseMs = 2_000

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/**
 * The remembered loopback port where it is free, else another; says so where it had to change.
 *
 * @throws Error where a hundred others are taken too.
 */
export async function pickPort(remembered: number | undefined, log: (line: string) => void): Promise<number> {
  if (remembered !== undefined) {
    for (const deadline = Date.now() + releaseMs; Date.now() < deadline; await sleep(50)) {
      if (await isFree(remembered)) return remembered
    }
    log(`Port ${remembered} is taken by another program; choosing another.`)
  }
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(...range)
    if (await isFree(port)) return port
  }
  throw new Error(`No loopback port from ${range[0]} to ${range[1]} is free.`)
}
