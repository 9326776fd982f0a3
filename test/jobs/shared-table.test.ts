import { defineEntity, text } from 'crossfade'
import { sql } from 'kysely'
import type { Collection } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ledgersOf } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import type { Entity } from '../../src/entity/entity.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { ensureConstraints } from '../../src/jobs/ensure-constraints.ts'
import { repair } from '../../src/jobs/repair.ts'
import { verify } from '../../src/jobs/verify.ts'
import { planPatch } from '../../src/query/patch.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { changeUnseen, openStores, type TestStores } from '../support/stores.ts'

const type = (name: string, kind: string) =>
  defineEntity(name, {
    mongo: 'animals',
    postgres: 'animals',
    id: text(),
    where: { kind },
    fields: { kind: text(), name: text(), tag: text() },
  })
const [Cat, Dog] = [type('Cat', 'cat'), type('Dog', 'dog')]
const entities: readonly Entity[] = [Cat, Dog]
const recheckMs = [5, 20]

interface Animal {
  _id: string
  kind: string
  name: string
}

let stores: TestStores
let outside: Collection<Animal>
beforeAll(async () => {
  stores = await openStores(entities)
  outside = stores.mongo.connection.db.collection('animals')
  await prepareFlags(ledgersOf(stores), ['Cat', 'Dog'], new Map(entities.map(({ name }) => [name, [name]])))
  await outside.createIndex({ kind: 1, name: 1 }, { unique: true })
  await outside.insertMany([
    { _id: 'a', kind: 'cat', name: 'Tom' },
    { _id: 'b', kind: 'dog', name: 'Tom' },
    { _id: 'c', kind: 'cat', name: 'Tim' },
    { _id: 'd', kind: 'cow', name: 'Tom' },
  ])
})
afterAll(() => stores?.close())

const move = (entity: Entity, stage: Stage) =>
  setStage({ ledgers: ledgersOf(stores), log: () => undefined, sweep: async () => 0 }, { type: entity.name, stage })
const names = async (): Promise<Record<string, string>> => {
  const rows = await stores.postgres.connection.run<{ id: string; name: string }>(
    sql`select id, kind || ' ' || name as name from animals order by id`,
  )
  return Object.fromEntries(rows.map(({ id, name }) => [id, name]))
}
const different = async (entity: Entity) => (await verify({ stores, entity, recheckMs })).different
const equal = { missing: 0, extra: 0, content: 0, version: 0 }

// One move of two types, step by step
test('a copy of one type fills and empties its rows alone', async () => {
  await move(Cat, 'dualwrite')
  await backfill({ stores, entity: Cat })
  expect(await names()).toEqual({ a: 'cat Tom', c: 'cat Tim' })
  await move(Dog, 'dualwrite')
  await backfill({ stores, entity: Dog })
  expect(await names()).toEqual({ a: 'cat Tom', b: 'dog Tom', c: 'cat Tim' })
  await changeUnseen(stores, sql`insert into animals (id, kind, name) values ('x', 'cat', 'X'), ('y', 'dog', 'Y')`)
  await backfill({ stores, entity: Cat })
  expect(await names()).toEqual({ a: 'cat Tom', b: 'dog Tom', c: 'cat Tim', y: 'dog Y' })
})

test('values are unique within a type, and exchanged within it', async () => {
  await changeUnseen(stores, sql`delete from animals where id = 'y'`)
  await ensureConstraints(stores, entities)
  const { connection, replica } = stores.postgres
  const keys = await connection.run<{ definition: string }>(
    sql`select pg_get_indexdef(indexrelid) as definition from pg_index
        where indrelid = 'animals'::regclass and indisunique and not indisprimary order by 1`,
  )
  expect(keys.map(({ definition }) => definition.replace(/^.* USING /, ''))).toEqual([
    `btree (name) NULLS NOT DISTINCT WHERE (kind = 'cat'::text)`,
    `btree (name) NULLS NOT DISTINCT WHERE (kind = 'dog'::text)`,
  ])
  const image = (id: string, name: string, counter: number) => ({
    id,
    version: { epoch: 1, counter },
    pending: false,
    record: newRecord(Cat, id, { name }),
    rest: null,
    issues: [],
  })
  const [held] = await replica.bulkPut(Cat, [image('e', 'Tim', 1)], anyEpoch)
  expect(held).toEqual({ put: 'blocked', constraint: expect.stringContaining('animals_name_'), by: ['c'] })
  const swapped = [image('a', 'Tim', 1), image('c', 'Tom', 1)]
  expect(await replica.bulkPut(Cat, swapped, anyEpoch)).toEqual([{ put: 'applied' }, { put: 'applied' }])
  expect(await names()).toEqual({ a: 'cat Tim', b: 'dog Tom', c: 'cat Tom' })
  await changeUnseen(stores, sql`delete from animals where kind = 'cat'`)
  await backfill({ stores, entity: Cat })
  expect(await names()).toEqual({ a: 'cat Tom', b: 'dog Tom', c: 'cat Tim' })
})

test('what differs is found and mended in each type by itself, in whichever stage it is', async () => {
  await move(Cat, 'shadow')
  await move(Cat, 'live')
  await move(Dog, 'shadow')
  for (const entity of entities) expect(await different(entity)).toEqual(equal)
  await changeUnseen(
    stores,
    sql`delete from animals where id = 'a'`,
    sql`update animals set tag = 'x' where id in ('b', 'c')`,
    sql`insert into animals (id, kind, name) values ('x', 'cat', 'X'), ('y', 'dog', 'Y')`,
  )
  expect(await different(Cat)).toEqual({ missing: 1, extra: 1, content: 1, version: 0 })
  expect(await different(Dog)).toEqual({ missing: 0, extra: 1, content: 1, version: 0 })
  const by = { by: 'Ann', chosen: 'by id' }
  expect(await repair({ stores, entity: Dog, ids: ['a', 'b', 'c', 'x', 'y'], recheckMs }, by)).toMatchObject({
    put: 1,
    buried: 1,
    left: [],
  })
  expect(await names()).toEqual({ b: 'dog Tom', c: 'cat Tim', x: 'cat X' })
  expect(await different(Dog)).toEqual(equal)
  expect(await different(Cat)).toEqual({ missing: 1, extra: 1, content: 1, version: 0 })
  // PostgreSQL has the cats
  await repair({ stores, entity: Cat, ids: ['a', 'b', 'c', 'x', 'y'], recheckMs }, by)
  expect(await different(Cat)).toEqual(equal)
  expect(await names()).toEqual({ b: 'dog Tom', c: 'cat Tim', x: 'cat X' })
  const documents = await outside.find({}, { sort: { _id: 1 } }).toArray()
  expect(documents.map(({ _id, kind, name }) => [_id, kind, name])).toEqual([
    ['b', 'dog', 'Tom'],
    ['c', 'cat', 'Tim'],
    ['d', 'cow', 'Tom'],
    ['x', 'cat', 'X'],
  ])
})

test('writes go to the store of each type', async () => {
  const { mongo, postgres } = stores
  const epochOf = async (entity: Entity) => (await postgres.ledger.get('flag', entity.name))?.value as { epoch: number }
  const { epoch } = await epochOf(Cat)
  const stamp = { epoch, owed: true }
  expect(await postgres.authority.patch(Cat, 'c', planPatch(Cat, { name: 'Kit' }), stamp)).not.toBeNull()
  const dogs = { epoch: (await epochOf(Dog)).epoch, owed: true }
  await expect(postgres.authority.patch(Dog, 'b', planPatch(Dog, { name: 'x' }), dogs)).rejects.toMatchObject({
    code: 'TRY_AGAIN',
  })
  expect(await mongo.authority.patch(Dog, 'b', planPatch(Dog, { name: 'Rover' }), dogs)).not.toBeNull()
  const owed = [await postgres.outbox.owed(Cat, 0, 9), await mongo.outbox.owed(Dog, 0, 9)]
  expect(owed).toEqual([['c'], ['b']])
})
