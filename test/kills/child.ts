import { once } from 'node:events'
import { sql } from 'kysely'
import { adopt } from '../../src/stores/mongo/codec/adopt.ts'
import { mongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { postgresStore } from '../../src/stores/postgres/postgres-store.ts'
import { type Action, actions } from './actions.ts'

/** Does one thing when it is told to, through stores that are connected already; it may be killed at any message. */
const { mongoUri, databaseUrl, database }: Ways = JSON.parse(process.argv[2]!)

export interface Ways {
  readonly mongoUri: string
  readonly databaseUrl: string
  readonly database: string
}

export interface Task {
  readonly action: Action
  readonly id: string
}

const stores = {
  mongo: mongoStore({ uri: mongoUri, database }),
  postgres: postgresStore({ uri: databaseUrl, adopt }),
}
const { mongo, postgres } = stores
for (const { db } of [mongo.connection, mongo.writes, mongo.puts, mongo.control.connection])
  await db.command({ ping: 1 })
for (const each of [postgres.connection, postgres.puts, postgres.control.connection]) await each.run(sql`select 1`)
console.log('ready')
const [line] = await once(process.stdin, 'data')
const { action, id }: Task = JSON.parse(String(line))
await actions[action](stores, id, () => console.log('acknowledged'))
console.log('done')
process.exit(0)
