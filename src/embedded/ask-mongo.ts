import { MongoClient, MongoServerError } from 'mongodb'
import type { Answer } from './run-server.ts'

/** A connection for one question. @param ms how long to look for the server. */
async function ask<T>(uri: string, ms: number, question: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: ms, connectTimeoutMS: ms, socketTimeoutMS: ms })
  try {
    return await question(client)
  } finally {
    await client.close()
  }
}

/** What answers at an address. SecantusDB says which protocol it speaks as its version, and its own beside it. */
export function askMongo(uri: string, ms = 2_000): Promise<Answer> {
  return ask(uri, ms, async (client) => {
    const info = await client.db('admin').command({ buildInfo: 1 })
    const version = String(info['version'])
    const own: unknown = info['secantusVersion']
    if (typeof own !== 'string') return { name: 'MongoDB', version }
    return { name: 'SecantusDB', version: `${own} (MongoDB ${version} protocol)` }
  })
}

/** Makes a mongod the only member of its set and waits for no one: rejects until it is the primary. */
export function initiateReplicaSet(uri: string, port: number): Promise<void> {
  return ask(uri, 2_000, async (client) => {
    const admin = client.db('admin')
    const host = `127.0.0.1:${port}`
    try {
      await admin.command({ replSetInitiate: { _id: 'crossfade', members: [{ _id: 0, host }] } })
    } catch (error) {
      if (!(error instanceof MongoServerError) || error.codeName !== 'AlreadyInitialized') throw error
      const { config } = await admin.command({ replSetGetConfig: 1 })
      if (config.members[0].host !== host) {
        // Its port was taken and it got another: it no longer finds itself in the set.
        const members = [{ ...config.members[0], host }]
        await admin.command({ replSetReconfig: { ...config, version: config.version + 1, members }, force: true })
      }
    }
    const { isWritablePrimary } = await admin.command({ hello: 1 })
    if (isWritablePrimary !== true) throw new Error('the replica set has no primary yet')
  })
}
