import { defineEntity, list, text, timestamp } from 'crossfade'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { newRecord } from '../../src/entity/new-record.ts'
import { planPatch } from '../../src/query/patch.ts'
import { newObjectId } from '../../src/util/object-id.ts'
import { openStores, type TestStores } from '../support/stores.ts'
import { Vessel } from './vessel.ts'

let stores: TestStores

beforeAll(async () => {
  stores = await openStores([Vessel])
})

afterAll(() => stores.close())

const instants = [
  '-004713-11-24T00:00:00.000Z',
  '-000001-12-31T23:59:59.999Z',
  '0000-02-29T00:00:00.000Z',
  '0001-01-01T00:00:00.000Z',
  '0099-12-31T23:59:59.999Z',
  '1582-10-10T00:00:00.001Z',
  '1903-12-01T00:00:00.000Z',
  '1969-12-31T23:59:59.999Z',
  '2000-02-29T12:00:00.500Z',
  '9999-12-31T23:59:59.999Z',
  '+010000-01-01T00:00:00.000Z',
  '+275760-09-13T00:00:00.000Z',
]

// Stand-in (SecantusDB): it has no years outside 1 to 9999; MongoDB has
const hasYear = (origin: string, iso: string): boolean => {
  const year = new Date(iso).getUTCFullYear()
  return origin === 'postgres' || inject('mongoName') !== 'SecantusDB' || (year >= 1 && year <= 9999)
}

describe.each(['mongo', 'postgres'] as const)('Instants in %s', (origin) => {
  test.each(instants.filter((iso) => hasYear(origin, iso)))('%s is kept to the millisecond', async (iso) => {
    const id = newObjectId()
    const { authority, outbox, reader } = stores[origin]
    const free = { epoch: 1, owed: false }
    await authority.create(Vessel, newRecord(Vessel, id, { name: iso, launched: iso }), free)
    await authority.patch(Vessel, id, planPatch(Vessel, { seen: iso }), free)
    const [image] = await outbox.images(Vessel, [id])
    expect(image?.record).toMatchObject({ launched: new Date(iso), seen: new Date(iso) })
    const value = new Date(iso)
    const of = [
      { op: 'eq', path: 'launched', value },
      { op: 'gte', path: 'launched', value },
      { op: 'lte', path: 'seen', value },
    ] as const
    expect(await reader.count(Vessel, { op: 'and', of })).toBe(1)
  })
})

test('lists of instants are kept, those before Christ included', async () => {
  const Log = defineEntity('Log', { mongo: 'logs', postgres: 'logs', id: text(), fields: { at: list(timestamp()) } })
  const own = await openStores([Log])
  const at = instants.map((iso) => new Date(iso))
  await own.postgres.authority.create(Log, newRecord(Log, 'a', { at }), { epoch: 1, owed: false })
  expect((await own.postgres.outbox.images(Log, ['a']))[0]?.record).toEqual({ id: 'a', at })
  await own.close()
})
