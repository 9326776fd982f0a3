import { defineEntity, int, objectId, text } from 'crossfade'
import { sql } from 'kysely'
import type { Document } from 'mongodb'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Entity, Id } from '../../src/entity/entity.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { emptyStores, openStores, type TestStores } from '../support/stores.ts'

const fields = { name: text() }
const Numbered = defineEntity('Numbered', { mongo: 'numbered', postgres: 'numbered', id: int(), fields })
const Named = defineEntity('Named', { mongo: 'named', postgres: 'named', id: objectId(), fields })

const stores: TestStores = await openStores([Numbered, Named])
afterAll(() => stores.close())
beforeEach(() => emptyStores(stores))

const owed = { epoch: 1, owed: true }
const unowed = { epoch: 1, owed: false }
const hex = (n: number): string => n.toString(16).padStart(24, '0')

describe.each(['mongo', 'postgres'] as const)('%s tells of the records that are asked for', (origin) => {
  const { authority, outbox } = stores[origin]
  const create = (entity: Entity, id: Id, stamp: typeof owed) =>
    authority.create(entity, newRecord(entity, id, {}), stamp)

  test.each([
    ['numbers', Numbered, (n: number): Id => n],
    ['ObjectIds', Named, hex],
  ] as const)('which are owed, deleted ones among them: %s', async (_title, entity, id) => {
    for (const n of [1, 2, 3]) await create(entity, id(n), n === 2 ? unowed : owed)
    await create(entity, id(4), unowed)
    await authority.delete(entity, id(4), owed)
    await create(entity, id(5), owed)
    const found = await outbox.owedFor(entity, [1, 2, 3, 4, 9].map(id))
    expect([...found.keys()].toSorted()).toEqual([1, 3, 4].map(id))
    for (const ms of found.values()) expect(ms).toBeGreaterThanOrEqual(0)
    expect(await outbox.owedFor(entity, [])).toEqual(new Map())
  })

  test('for how long, by its own clock', async () => {
    await create(Numbered, 1, owed)
    const past = new Date(Date.now() - 3_600_000)
    if (origin === 'postgres') await stores.postgres.connection.run(sql`update crossfade.pending set since = ${past}`)
    else
      await stores.mongo.connection
        .collection(Numbered)
        .updateOne({ _id: 1 } as Document, { $set: { '_cf.pending': past } })
    const ms = (await outbox.owedFor(Numbered, [1])).get(1)
    expect(ms).toBeGreaterThan(3_590_000)
    expect(ms).toBeLessThan(3_660_000)
  })
})
