import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { codeOf, messageOf } from '../util/errors.ts'
import type { MongoChoice } from './mongo-choice.ts'
import { stderrOf } from './stderr-of.ts'
import { withLock } from './with-lock.ts'

export const secantusVersion = '0.7.0b3'

const installMs = 120_000

async function run(command: string, args: string[]): Promise<void> {
  try {
    await promisify(execFile)(command, args, { timeout: installMs })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new Error(`${command} is not installed`, { cause: error })
    const why = stderrOf(error).split('\n').at(-1) || messageOf(error)
    throw new Error(`${command} ${args.join(' ')}: ${why}`, { cause: error })
  }
}

/** Makes the environment whole, or leaves no marker. A marker without a Python is one whose Python was upgraded. */
async function install(environment: string, log: (line: string) => void): Promise<void> {
  const marker = join(environment, `installed-${secantusVersion}`)
  const python = join(environment, 'bin', 'python3')
  if (existsSync(marker) && existsSync(python)) return
  log(`Installing SecantusDB ${secantusVersion}, a stand-in for MongoDB, from PyPI …`)
  rmSync(environment, { recursive: true, force: true })
  await run('python3', ['-m', 'venv', environment])
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
  await run(python, [...pip, `SecantusDB==${secantusVersion}`])
  mkdirSync(marker)
}

/**
 * A server that speaks MongoDB's protocol and keeps its files with WiredTiger, from PyPI in a virtual environment of
 * its own in the cache folder: 145 MB, about 12 s once.
 *
 * @throws Error where Python 3 with `venv` is missing, or the package can't be installed.
 */
export async function secantus(cacheDir: string, log: (line: string) => void): Promise<MongoChoice> {
  const environment = join(cacheDir, 'secantus')
  // The cache may be shared by many data directories.
  await withLock(`${environment}.lock`, log, () => install(environment, log))
  const args = (port: number, data: string): string[] => [
    ...['--host', '127.0.0.1', '--port', String(port), '--storage-path', data],
    '--sync-on-commit', // what is acknowledged survives a crash
  ]
  return { folder: 'secantusdb', command: join(environment, 'bin', 'secantusd-py'), args, initiate: false }
}
