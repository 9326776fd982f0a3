import {
  append,
  changeWhere,
  defineEntity,
  embed,
  everything,
  increment,
  insert,
  int,
  list,
  pull,
  text,
} from 'crossfade'
import type { Document } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Id } from '../../src/entity/entity.ts'
import { planPatch } from '../../src/query/patch.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { insertRaw, rawDocument } from '../support/dirty.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const line = embed({ sku: text(), gift: embed({ note: text() }) })

const Parcel = defineEntity('Parcel', {
  mongo: 'parcels',
  postgres: 'parcels',
  id: int(),
  fields: {
    name: text(),
    weight: int(),
    box: embed({ size: int(), lid: embed({ kind: text() }) }),
    rows: list(line).childTable('parcel_rows'),
    columns: list(line),
  },
})

/** Names that Extended JSON has a meaning for, and operators' and variables' names. */
const odd = { $numberInt: '5', $set: { $oid: 'x' }, $$ROOT: [{ $date: 'y' }] }
const lines = [
  { sku: 'a', gift: { note: 'n', ...odd }, ...odd },
  { sku: 'b', ...odd },
]
const before: Document = {
  $top: 1,
  name: 'x',
  weight: 1,
  box: { size: 1, lid: { kind: 'k', ...odd }, ...odd },
  rows: lines,
  columns: lines,
}

let stores: TestStores
let next = 1
beforeAll(async () => {
  stores = await openStores([Parcel])
})
afterAll(() => stores?.close())

const a = { op: 'eq', path: 'sku', value: 'a' } as const
const changed = (sku: string) => [{ sku, gift: { note: 'm', ...odd }, ...odd }, lines[1]]

/** What is patched, and what the document then has besides. */
const patches: readonly (readonly [title: string, input: Record<string, unknown>, after: Document])[] = [
  ['fields beside', { name: 'y', weight: increment(1) }, { name: 'y', weight: 2 }],
  ['a member', { 'box.size': 2 }, { box: { ...before['box'], size: 2 } }],
  ['a member of an object within', { 'box.lid.kind': 'l' }, { box: { ...before['box'], lid: { kind: 'l', ...odd } } }],
  ['an object within that becomes null', { 'box.lid': null }, { box: { size: 1, ...odd } }],
  [
    'an object within that is set',
    { 'box.lid': { kind: 'l' } },
    { box: { ...before['box'], lid: { kind: 'l', ...odd } } },
  ],
  ['an object that becomes null', { box: null }, { box: undefined }],
  ...(['rows', 'columns'] as const).flatMap((path): (typeof patches)[number][] => [
    [`${path}: an object more`, { [path]: append({ sku: 'c' }) }, { [path]: [...lines, { sku: 'c' }] }],
    [`${path}: an object before`, { [path]: insert({ sku: 'c' }, 0) }, { [path]: [{ sku: 'c' }, ...lines] }],
    [`${path}: an object less`, { [path]: pull(a) }, { [path]: [lines[1]] }],
    [`${path}: members`, { [path]: changeWhere(a, { sku: 'z', 'gift.note': 'm' }) }, { [path]: changed('z') }],
    [
      `${path}: an object in an object`,
      { [path]: changeWhere(everything, { gift: null }) },
      { [path]: [{ sku: 'a', ...odd }, lines[1]] },
    ],
    [`${path}: a new list`, { [path]: [{ sku: 'c' }] }, { [path]: [{ sku: 'c' }] }],
  ]),
]

/** MongoDB keeps null where PostgreSQL has nothing: both mean the same. */
const withoutNulls = (document: Document | null): unknown =>
  JSON.parse(JSON.stringify(document), (_, value) => value ?? undefined)

describe.each(['mongo', 'postgres'] as const)('Unmapped names that begin with $, written in %s', (origin) => {
  const other = origin === 'mongo' ? 'postgres' : 'mongo'
  const imageIn = async (where: 'mongo' | 'postgres', id: Id) => (await stores[where].outbox.images(Parcel, [id]))[0]!

  test.each(patches)('%s', async (_title, input, after) => {
    const id = await insertRaw(stores, Parcel, { _id: next++, ...before })
    const owed = { epoch: 1, owed: true }
    const image = await stores[origin].authority.patch(Parcel, id as Id, planPatch(Parcel, input), owed)
    expect(await stores[other].replica.bulkPut(Parcel, [image!], anyEpoch)).toEqual([{ put: 'applied' }])
    expect(withoutNulls(await rawDocument(stores, Parcel, id))).toEqual({ ...before, ...after })
    const [ours, theirs] = [await imageIn(origin, id), await imageIn(other, id)]
    expect([theirs.record, theirs.rest, theirs.elementRests ?? {}]).toEqual([
      ours.record,
      ours.rest,
      ours.elementRests ?? {},
    ])
  })
})

test('a document with such names is put back whole', async () => {
  const id = await insertRaw(stores, Parcel, { _id: next++, ...before })
  const [image] = await stores.postgres.outbox.images(Parcel, [id])
  await stores.mongo.connection.collection(Parcel).deleteOne({ _id: id } as Document)
  expect(await stores.mongo.replica.bulkPut(Parcel, [image!], anyEpoch)).toEqual([{ put: 'applied' }])
  expect(await rawDocument(stores, Parcel, id)).toEqual(before)
})
