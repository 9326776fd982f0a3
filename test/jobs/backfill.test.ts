import { afterAll, beforeAll, expect, test } from 'vitest'
import { defineEntity } from '../../src/entity/define-entity.ts'
import { int, list, objectId, text } from '../../src/entity/field.ts'
import { backfill, type Progress, settleConstraints } from '../../src/jobs/backfill.ts'
import { insertExported } from '../../src/stores/mongo/sample.ts'
import type { Json } from '../../src/util/json.ts'
import { compareStores } from '../support/compare-stores.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Parcel = defineEntity('Parcel', {
  mongo: 'parcels',
  postgres: 'parcels',
  id: objectId(),
  fields: { code: int().unique(), tags: list(text()).childTable('parcel_tags'), from: objectId().references('Parcel') },
})

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Parcel])
  const documents = Array.from({ length: 95 }, (_, index) => ({
    _id: { $oid: index.toString(16).padStart(24, '0') },
    code: index === 94 ? 7 : index,
    tags: index % 3 === 0 ? ['a', 'b'] : [],
    weight: 1.5,
  }))
  const dirty: Json[] = [
    { _id: 'not an ObjectId', code: 500 },
    { _id: { $oid: 'e'.repeat(24) }, code: 'heavy', from: { $oid: 'd'.repeat(24) } },
  ]
  await insertExported(stores.mongo.connection, 'parcels', [...documents, ...dirty])
})
afterAll(() => stores.close())

test('a backfill that is stopped goes on where it was, and copies nothing twice', async () => {
  const stop = new AbortController()
  const onProgress = ({ seen }: Progress): void => {
    if (seen >= 30) stop.abort()
  }
  await expect(backfill({ stores, entity: Parcel, batch: 10, onProgress, signal: stop.signal })).rejects.toThrow(
    'aborted',
  )
  const result = await backfill({ stores, entity: Parcel, batch: 10 })
  expect(result).toMatchObject({ total: 97, seen: 97, copied: 96, quarantined: 1, blocked: 0, done: true })
  expect(await compareStores(stores, Parcel)).toEqual({ compared: 96, different: [] })
})

test('a second run finds everything there, and leaves newer records alone', async () => {
  const id = '0'.repeat(24)
  const [image] = (await stores.mongo.reader.scan(Parcel, { after: null, limit: 1 })).images
  const newer = { ...image!, version: { epoch: 1, counter: 9 }, record: { ...image!.record!, id, code: 1000 } }
  expect(await stores.postgres.writer.bulkPut(Parcel, [newer])).toEqual([{ put: 'applied' }])
  expect(await backfill({ stores, entity: Parcel })).toMatchObject({ seen: 97, copied: 0, quarantined: 1 })
  const [row] = await stores.postgres.debts.images(Parcel, [id])
  expect(row).toMatchObject({ version: { epoch: 1, counter: 9 }, record: { code: 1000 } })
})

test('what could not be carried is told with its rule, and keeps the constraint from being made', async () => {
  await settleConstraints(stores.postgres, [Parcel])
  expect([...(await stores.postgres.dataIssues.counts(Parcel))].sort((a, b) => (a.rule < b.rule ? -1 : 1))).toEqual([
    { path: 'code', rule: 'is not a whole number of 32 bits', count: 1 },
    { path: '_id', rule: "is not of the id's kind, objectId", count: 1 },
    { path: 'from', rule: 'refers to a Parcel that does not exist', count: 1 },
    { path: 'code', rule: 'should be unique but is not', count: 2 },
  ])
})
