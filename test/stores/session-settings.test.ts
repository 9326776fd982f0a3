import { binary, defineEntity, float, int, text, timestamp } from 'crossfade'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { fieldSet } from '../../src/entity/field-set.ts'
import { connectPostgres, type PostgresConnection } from '../../src/stores/postgres/connection.ts'
import { migrateUp } from '../../src/stores/postgres/migrate.ts'
import { type PostgresStore, postgresStore } from '../../src/stores/postgres/postgres-store.ts'
import { schemaDrift } from '../../src/stores/postgres/schema-diff.ts'

const Event = defineEntity('Event', {
  mongo: 'events',
  postgres: 'Events',
  id: int(),
  fields: { at: timestamp(), price: float(), note: text(), mark: binary() },
})

/** Everything that a role, a database or an address may have set before us. */
const hostile = {
  timezone: "'Asia/Kathmandu'",
  datestyle: "'SQL, DMY'",
  intervalstyle: "'sql_standard'",
  bytea_output: "'escape'",
  extra_float_digits: '-15',
  standard_conforming_strings: 'off',
  transform_null_equals: 'on',
  default_transaction_isolation: "'serializable'",
  default_transaction_deferrable: 'on',
  synchronous_commit: 'off',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  client_encoding: "'LATIN1'",
}
const wanted = {
  timezone: 'UTC',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
  default_transaction_isolation: 'read committed',
  default_transaction_deferrable: 'off',
  synchronous_commit: 'on',
  statement_timeout: '10s',
  lock_timeout: '5s',
  idle_in_transaction_session_timeout: '10s',
  client_encoding: 'UTF8',
}

const name = `settings_${process.pid}`
let operator: PostgresConnection
let inside: PostgresConnection
const stores: PostgresStore[] = []

beforeAll(async () => {
  operator = connectPostgres({ uri: inject('databaseUrl') })
  await operator.run(sql.raw(`create role ${name} login password 'x'`))
  await operator.run(sql.raw(`create database ${name} owner ${name}`))
  const uri = new URL(inject('databaseUrl'))
  uri.pathname = `/${name}`
  inside = connectPostgres({ uri: uri.href })
  await inside.run(sql.raw(`create schema "Sales Dept" authorization ${name}`))
  for (const [setting, value] of Object.entries(hostile)) {
    const target = setting.startsWith('d') ? `database ${name}` : `role ${name}`
    await operator.run(sql.raw(`alter ${target} set ${setting} = ${value}`))
  }
})
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()))
  await inside.pool.end()
  await operator.run(sql.raw(`drop database ${name} with (force)`))
  await operator.run(sql.raw(`drop role ${name}`))
  await operator.pool.end()
})

function open(options: string): PostgresStore {
  const uri = new URL(inject('databaseUrl'))
  uri.username = name
  uri.password = 'x'
  uri.pathname = `/${name}`
  const store = postgresStore({ uri: `${uri.href}?options=${encodeURIComponent(options)}` })
  stores.push(store)
  return store
}

test('neither address nor role nor database undoes what a session of ours is', async () => {
  const store = open('-c timezone=Asia/Tokyo -c synchronous_commit=off -c lock_timeout=0')
  const shown = sql.join(Object.keys(wanted).map((setting) => sql`current_setting(${setting}) as ${sql.id(setting)}`))
  const [own] = await store.connection.run(sql`select ${shown}`)
  expect(own).toEqual(wanted)
  const [candidate] = await store.candidate.connection.run(sql`select ${shown}`)
  const hasty = { statement_timeout: '2s', lock_timeout: '1s', idle_in_transaction_session_timeout: '2s' }
  expect(candidate).toEqual({ ...wanted, ...hasty })
})

test('a stronger promise of commits than ours stays', async () => {
  const { connection } = open('-c synchronous_commit=remote_apply')
  const [row] = await connection.run(sql`select current_setting('synchronous_commit') as commits`)
  expect(row).toEqual({ commits: 'remote_apply' })
})

test('tables are found by the search path of the address, whatever the names of schema and table', async () => {
  const store = open('-c search_path=\\"Sales\\ Dept\\"')
  const { connection } = store
  await migrateUp(connection, {})
  for (const { statement } of await schemaDrift(connection, [Event])) await connection.run(sql.raw(statement!))
  expect(await schemaDrift(connection, [Event])).toEqual([])
  const where = await inside.run(sql`select schemaname from pg_tables where tablename = 'Events'`)
  expect(where).toEqual([{ schemaname: 'Sales Dept' }])
  const at = new Date('2024-02-29T23:59:59.123Z')
  const record = { id: 1, at, price: 0.1 + 0.2, note: 'back\\slash é €', mark: 'AP8=' }
  await store.authority.create(Event, record, { epoch: 1, owed: true })
  const read = await store.reader.byIds(Event, [1], fieldSet(Event, ['at', 'price', 'note', 'mark']))
  expect(read.get(1)?.record).toEqual(record)
  expect((await store.outbox.backlog(Event)).count).toBe(1)
})
