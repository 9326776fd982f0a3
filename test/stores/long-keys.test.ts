import { defineEntity, json, text } from 'crossfade'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newRecord } from '../../src/entity/new-record.ts'
import { planPatch } from '../../src/query/patch.ts'
import { compareVersions } from '../../src/stores/version.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const Parcel = defineEntity('Parcel', { mongo: 'parcels', postgres: 'parcels', id: text(), fields: { papers: json() } })

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Parcel])
})
afterAll(() => stores.close())

const stamp = { epoch: 1, owed: true }
const ninety = Array.from({ length: 90 }, (_, n) => n)

test.each([
  ['one that is long', { ['k'.repeat(120_000)]: ninety }],
  ['many on the way', { ['k'.repeat(900)]: { ['l'.repeat(900)]: { ['m'.repeat(900)]: ninety } } }],
  ['many beside each other', Object.fromEntries(ninety.map((n) => [`${'k'.repeat(5_000)}${n}`, n]))],
])('a json value with keys of many letters, %s, is patched in both stores', async (title, papers) => {
  for (const { authority } of [stores.mongo, stores.postgres]) {
    const before = await authority.create(Parcel, newRecord(Parcel, title, { papers: {} }), stamp)
    const after = await authority.patch(Parcel, title, planPatch(Parcel, { papers }), stamp)
    expect(after?.record?.['papers']).toEqual(papers)
    expect(compareVersions(before.version, after!.version)).toBe(-1)
  }
})
