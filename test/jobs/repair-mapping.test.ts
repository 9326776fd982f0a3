import { defineEntity, int } from 'crossfade'
import { afterAll, expect, test } from 'vitest'
import { ledgersOf } from '../../src/control/flag-store.ts'
import { instanceKind } from '../../src/control/instances.ts'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { mappingDigest } from '../../src/entity/mapping-digest.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { repair } from '../../src/jobs/repair.ts'
import { overwrite } from '../../src/stores/ledger.ts'
import { openStores, type TestStores } from '../support/stores.ts'

const places = { mongo: 'kites', postgres: 'kites', id: int() } as const
const Kite = defineEntity('Kite', { ...places, fields: { span: int(), tail: int() } })
const Earlier = defineEntity('Kite', { ...places, fields: { span: int() } })

let stores: TestStores
afterAll(() => stores?.close())

test('a machine with an earlier app repairs nothing behind the gateways of the present one', async () => {
  stores = await openStores([Kite])
  await prepareFlags(ledgersOf(stores), ['Kite'])
  const move = { ledgers: ledgersOf(stores), sweep: async () => 0, log: () => undefined }
  await stores.mongo.connection.db.collection<{ _id: number }>('kites').insertMany([{ _id: 1, tail: 5 } as never])
  await setStage(move, { type: 'Kite', stage: 'dualwrite', noOtherWriters: true })
  await backfill({ stores, entity: Kite })
  const mappings = { Kite: mappingDigest(Kite) }
  await overwrite(stores.mongo.ledger, instanceKind, 'pod 7', { acknowledged: {}, owed: {}, mappings, alerts: [] })
  const asked = { stores, ids: [1], recheckMs: [5] }
  const note = { by: 'Ann', chosen: 'by id' }
  await expect(repair({ ...asked, entity: Earlier }, note)).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: expect.stringContaining('Gateways have another mapping of Kite than this command: pod 7.'),
  })
  const [image] = await stores.postgres.outbox.images(Kite, [1])
  expect(image).toMatchObject({ record: { tail: 5 }, rest: null })
  await stores.mongo.ledger.remove(instanceKind, 'pod 7') // it has acknowledged nothing, and would be waited for
  expect(await repair({ ...asked, entity: Kite }, note)).toMatchObject({ unequal: [], put: 0 })
})
