import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { MongoClient } from 'mongodb'
import { messageOf } from '../util/errors.ts'
import { type ChoiceName, choiceLabels, choiceNames, type MongoChoice, prepareChoice } from './mongo-choices.ts'
import { pickPort } from './port.ts'
import { endWithUs, forget, isAlive, isOurs, spawnServer, stopProcess, untilReady } from './server-process.ts'
import type { StartedStore, StartOptions } from './started-store.ts'
import { readState, writeState } from './state.ts'

const uriOf = (port: number): string => `mongodb://127.0.0.1:${port}/?directConnection=true`

async function ask<T>(uri: string, question: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 1_000, connectTimeoutMS: 1_000 })
  try {
    return await question(client)
  } finally {
    await client.close()
  }
}

const versionOf = (uri: string): Promise<string> =>
  ask(uri, async (client) => String((await client.db('admin').command({ buildInfo: 1 }))['version']))

/** A replica set of one: transactions, change streams and majority writes need it. */
function initiate(uri: string, port: number): Promise<void> {
  return ask(uri, async (client) => {
    const admin = client.db('admin')
    const members = [{ _id: 0, host: `127.0.0.1:${port}` }]
    await admin.command({ replSetInitiate: { _id: 'crossfade', members } }).catch((error: { codeName?: string }) => {
      if (error.codeName !== 'AlreadyInitialized') throw error
    })
    const hello = await admin.command({ hello: 1 })
    if (hello['isWritablePrimary'] !== true) throw new Error('the replica set has no primary yet')
  })
}

const shown = (choice: MongoChoice, version: string): string =>
  choice.version === null ? version : `${choice.version} (MongoDB ${version} protocol)`

async function startChoice(options: StartOptions, name: ChoiceName): Promise<StartedStore> {
  const { log } = options
  const began = performance.now()
  const dataDir = resolve(options.dataDir)
  const cacheDir = process.env['CROSSFADE_CACHE_DIR'] ?? join(dataDir, 'cache')
  const choice = await prepareChoice(name, cacheDir, log)
  // The two servers' files are not each other's.
  const data = join(dataDir, choice.name.toLowerCase())
  mkdirSync(data, { recursive: true })
  const port = await pickPort(readState(dataDir, 'mongo')?.port, log)
  const child = spawnServer(choice.command, choice.args(port, data), join(dataDir, 'mongo.log'))
  writeState(dataDir, 'mongo', { port, pid: child.pid ?? 0, choice: name })
  if (child.pid && !options.keep) endWithUs(child.pid)
  const uri = uriOf(port)
  const version = await untilReady(child.pid, 30_000, async () => {
    if (choice.replicaSet) await initiate(uri, port)
    return versionOf(uri)
  })
  log(
    `${choice.name} ${shown(choice, version)} at 127.0.0.1:${port}, started in ${Math.round(performance.now() - began)} ms`,
  )
  return { name: choice.name, version: shown(choice, version), uri, pid: child.pid!, startedHere: true }
}

/** Starts MongoDB by the first choice that works, or finds the one that runs; the choice is remembered. */
export async function startMongo(options: StartOptions & { mongoUri?: string | undefined }): Promise<StartedStore> {
  const { log } = options
  if (options.mongoUri) {
    const version = await versionOf(options.mongoUri)
    log(`MongoDB ${version} at ${options.mongoUri.replace(/\/\/[^@/]*@/, '//')} (MONGODB_URI)`)
    return { name: 'MongoDB', version, uri: options.mongoUri, pid: null, startedHere: false }
  }
  const dataDir = resolve(options.dataDir)
  const state = readState(dataDir, 'mongo')
  if (state && isOurs(state.pid, dataDir)) {
    const cacheDir = process.env['CROSSFADE_CACHE_DIR'] ?? join(dataDir, 'cache')
    const choice = await prepareChoice((state.choice ?? 'path') as ChoiceName, cacheDir, log)
    const version = shown(choice, await versionOf(uriOf(state.port)))
    log(`${choice.name} ${version} at 127.0.0.1:${state.port} (running already)`)
    return { name: choice.name, version, uri: uriOf(state.port), pid: state.pid, startedHere: false }
  }
  // What worked before comes first: data lies in that server's files, and a choice that failed may take long to.
  const before = choiceNames.find((name) => name === state?.choice)
  const order = before ? [before, ...choiceNames.filter((name) => name !== before)] : choiceNames
  const reasons: string[] = []
  for (const name of order) {
    try {
      return await startChoice(options, name)
    } catch (error) {
      reasons.push(`${choiceLabels[name]}: ${messageOf(error)}`)
      log(`MongoDB: ${reasons.at(-1)}`)
    }
  }
  const text = 'No MongoDB could be started. Give MONGODB_URI, or make one of these work:'
  throw new Error([text, ...reasons.map((reason) => `- ${reason}`)].join('\n'))
}

/** Asks the server to stop. False where none was running. */
export async function stopMongo(dataDir: string): Promise<boolean> {
  const state = readState(resolve(dataDir), 'mongo')
  if (!state || !isAlive(state.pid) || !isOurs(state.pid, resolve(dataDir))) return false
  await stopProcess(state.pid, 'SIGTERM')
  forget(state.pid)
  return true
}
