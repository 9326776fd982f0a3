import { defineEntity, int } from 'crossfade'
import { sql } from 'kysely'
import { afterAll, expect, test } from 'vitest'
import { ledgersOf } from '../../src/control/flag-store.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { verify } from '../../src/jobs/verify.ts'
import { changeUnseen, openStores, type TestStores } from '../support/stores.ts'

const bits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
const fields = Object.fromEntries(bits.map((bit) => [`bit${bit}`, int()]))
const Mask = defineEntity('Mask', { mongo: 'masks', postgres: 'masks', id: int(), fields })
const count = 1_100

let stores: TestStores
afterAll(() => stores?.close())

test('records that each differ in other fields are counted in as many groups as can be kept', async () => {
  stores = await openStores([Mask])
  const values = Object.fromEntries(bits.map((bit) => [`bit${bit}`, 0]))
  const documents = Array.from({ length: count }, (_, n) => ({ _id: n + 1, ...values }))
  await stores.mongo.connection.db.collection<{ _id: number }>('masks').insertMany(documents)
  const ledgers = ledgersOf(stores)
  await prepareFlags(ledgers, ['Mask'])
  const move = { ledgers, sweep: async () => 0, log: () => undefined }
  await setStage(move, { type: 'Mask', stage: 'dualwrite', noOtherWriters: true })
  await backfill({ stores, entity: Mask })
  const turned = bits.map((bit) => sql`${sql.id(`bit${bit}`)} = (id >> ${sql.lit(bit)}) & 1`)
  await changeUnseen(stores, sql`update masks set ${sql.join(turned)}`)
  const found = await verify({ stores, entity: Mask, recheckMs: [5, 5] })
  expect(found.different).toEqual({ missing: 0, extra: 0, version: 0, content: count })
  expect(found.groups).toHaveLength(1_001)
  expect(found.groups[0]).toMatchObject({ kind: 'content', paths: ['(others)'], count: 100 })
  expect(found.groups.reduce((sum, group) => sum + group.count, 0)).toBe(count)
}, 60_000)
