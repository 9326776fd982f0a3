import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../util/errors.ts'
import { type MongoChoice, mongod } from './mongo-choice.ts'
import { checkMongod } from './mongod-on-path.ts'

const version = '8.2.6'
const reachMs = 4_000

const npmPackage = 'mongodb-memory-server-core'

/** The library that downloads: an optional part of ours. @throws Error that says how to install it. */
async function library() {
  try {
    const { DryMongoBinary } = await import('mongodb-memory-server-core/lib/util/DryMongoBinary.js')
    const { MongoBinary } = await import('mongodb-memory-server-core/lib/util/MongoBinary.js')
    const { MongoBinaryDownloadUrl } = await import('mongodb-memory-server-core/lib/util/MongoBinaryDownloadUrl.js')
    return { DryMongoBinary, MongoBinary, MongoBinaryDownloadUrl }
  } catch (error) {
    if (codeOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new Error(`it is not installed; run \`npm install --save-dev ${npmPackage}\``, { cause: error })
  }
}

/** Tells a host that can't be reached from a slow one before the download begins, which would try for minutes. */
async function checkReachable(url: string): Promise<void> {
  const { host } = new URL(url)
  let response: Response
  try {
    response = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(reachMs) })
  } catch (error) {
    throw new Error(`${host} can't be reached within ${reachMs / 1_000} s`, { cause: error })
  }
  if (!response.ok) throw new Error(`${host} answers ${response.status} for ${url}`)
}

/**
 * A real mongod that mongodb-memory-server-core downloads once (about 100 MB) into the cache folder.
 *
 * @throws Error where its host can't be reached, or has no build for this system.
 */
export async function mongodDownload(cacheDir: string, log: (line: string) => void): Promise<MongoChoice> {
  const { DryMongoBinary, MongoBinary, MongoBinaryDownloadUrl } = await library()
  const wanted = await DryMongoBinary.generateOptions({ version, downloadDir: join(cacheDir, 'mongod') })
  // Its usual entry points would return MONGOMS_SYSTEM_BINARY instead, which has failed where we get here.
  const [found, file] = await DryMongoBinary.generateDownloadPath(wanted)
  if (found) return checked(file)
  await checkReachable(await new MongoBinaryDownloadUrl(wanted).getDownloadUrl())
  log(`Downloading MongoDB ${wanted.version} …`)
  mkdirSync(wanted.downloadDir, { recursive: true })
  return checked(await MongoBinary.download({ ...wanted, checkMD5: false }))
}

function checked(file: string): MongoChoice {
  checkMongod(file)
  return mongod(file)
}
