import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MongoClient, MongoServerError } from 'mongodb'
import { pickPort } from '../../src/embedded/port.ts'
import { secantus } from '../../src/embedded/secantus.ts'

export interface StandIn {
  readonly port: number
  /** Ends it, as it wants to end unless another signal is given, and starts it on the same data with other options. */
  restart(options: readonly string[], signal?: NodeJS.Signals): Promise<void>
  stop(): Promise<void>
}

/** A stand-in for MongoDB of a test's own, in memory of one folder: with users, TLS or test commands. */
export async function startStandIn(options: readonly string[]): Promise<StandIn> {
  const { command } = await secantus(process.env['CROSSFADE_CACHE_DIR']!, () => undefined)
  const dir = mkdtempSync(join(tmpdir(), 'crossfade-stand-in-'))
  const port = await pickPort(undefined, () => undefined)
  const start = async (more: readonly string[]) => {
    const args = ['--host', '127.0.0.1', '--port', String(port), '--storage-path', dir, ...more]
    const child = spawn(command, args, { stdio: 'ignore', cwd: dir })
    const tls = more.includes('--tls-cert-file') ? '&tls=true&tlsInsecure=true' : ''
    const uri = `mongodb://127.0.0.1:${port}/?directConnection=true${tls}`
    for (let tries = 150; ; tries--) {
      const client = new MongoClient(uri, { serverSelectionTimeoutMS: 500, connectTimeoutMS: 500 })
      try {
        await client.db('admin').command({ ping: 1 })
        break
      } catch (error) {
        if (error instanceof MongoServerError) break // it wants a user
        if (tries === 0) throw error
        await sleep(100)
      } finally {
        await client.close()
      }
    }
    return child
  }
  let child = await start(options)
  const end = async (): Promise<void> => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  return {
    port,
    async restart(more, signal = 'SIGTERM') {
      const ended = once(child, 'exit')
      child.kill(signal)
      await ended
      child = await start(more)
    },
    async stop() {
      await end()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
