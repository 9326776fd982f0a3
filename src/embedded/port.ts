import { createServer } from 'node:net'

function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(null))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : null))
    })
  })
}

/** The remembered loopback port where it is free, else another; says so where it had to change. */
export async function pickPort(remembered: number | undefined, log: (line: string) => void): Promise<number> {
  const port = await tryPort(remembered ?? 0)
  if (port !== null) return port
  log(`Port ${remembered} is taken by another program; choosing another.`)
  const other = await tryPort(0)
  if (other === null) throw new Error('No loopback port is free.')
  return other
}
