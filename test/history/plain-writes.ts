import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Origin } from '../../src/util/origin.ts'
import type { Setting } from './setting.ts'

/** Writes that know nothing of Crossfade, beside those of the gateways: what a server loses of both is the server's. */
export interface PlainWrites {
  /** Ends them, and tells how many of those that a server had confirmed it has no more. */
  stop(): Promise<Readonly<Record<Origin, { readonly confirmed: number; readonly lost: number }>>>
}

interface Marked {
  readonly _id: number
}

export async function startPlainWrites({ direct: { mongo, postgres } }: Setting): Promise<PlainWrites> {
  const marks = mongo.connection.db.collection<Marked>('plain')
  await postgres.connection.run(sql`create table plain (id integer primary key)`)
  const insert = {
    mongo: (id: number) => marks.insertOne({ _id: id }, { writeConcern: { w: 'majority', journal: true } }),
    postgres: (id: number) => postgres.connection.run(sql`insert into plain values (${id})`),
  }
  const there = {
    mongo: async () => (await marks.find({}).toArray()).map(({ _id }) => _id),
    postgres: async () =>
      (await postgres.connection.run<Marked>(sql`select id as "_id" from plain`)).map(({ _id }) => _id),
  }
  let running = true
  const run = async (origin: Origin): Promise<number[]> => {
    const confirmed: number[] = []
    for (let id = 0; running; id++, await sleep(50)) {
      const stands = await insert[origin](id).then(
        () => true,
        () => false,
      )
      if (stands) confirmed.push(id)
    }
    return confirmed
  }
  const runs = { mongo: run('mongo'), postgres: run('postgres') }
  const missing = async (origin: Origin) => {
    const confirmed = await runs[origin]
    const left = new Set(await there[origin]())
    return { confirmed: confirmed.length, lost: confirmed.filter((id) => !left.has(id)).length }
  }
  return {
    async stop() {
      running = false
      return { mongo: await missing('mongo'), postgres: await missing('postgres') }
    },
  }
}
