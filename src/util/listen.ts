import type { Server } from 'node:http'
import { CrossfadeError, codeOf } from './errors.ts'

export interface ListenAt {
  /** 0 chooses a free one. */
  readonly port: number
  readonly host: string
  /** The setting by which another port is taken. */
  readonly setting: string
}

/** @throws MISCONFIGURED where the port is taken, or is not ours to take. */
export function listen(server: Server, { port, host, setting }: ListenAt): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const code = codeOf(error)
      const why = code === 'EADDRINUSE' ? 'is taken' : code === 'EACCES' ? 'may not be taken by this user' : null
      const text = `${host}:${port} ${why}. Set ${setting} to another, or to 0 for a free one.`
      reject(why ? new CrossfadeError('MISCONFIGURED', text, { cause: error }) : error)
    })
    server.listen(port, host, resolve)
  })
}
