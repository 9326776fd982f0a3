import { defineEntity, embed, int, list, text } from 'crossfade'
import { sql } from 'kysely'
import type { Document } from 'mongodb'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { isClean, verify } from '../../src/jobs/verify.ts'
import { planPatch } from '../../src/query/patch.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { directions } from '../support/account.ts'
import { changeUnseen, openStores, type TestStores } from '../support/stores.ts'

const line = embed({ sku: text(), gift: embed({ note: text() }) })

const Parcel = defineEntity('Parcel', {
  mongo: 'parcels',
  postgres: 'parcels',
  id: int(),
  fields: {
    box: embed({ size: int(), lid: embed({ kind: text() }) }),
    seal: text().at('cover.wax.seal'),
    rows: list(line).childTable('parcel_rows'),
    columns: list(line),
  },
})

const whole = {
  box: { size: 1, lid: { kind: 'k' } },
  cover: { wax: { seal: 's' } },
  rows: [{ sku: 'a', gift: { note: 'n' } }],
  columns: [{ sku: 'a', gift: { note: 'n' } }],
}

/** As versions before this one have left it: of objects that are mapped, and around a value that is. */
const emptied: readonly (readonly [title: string, rest: string])[] = [
  ['an object', '{"box": {}, "hull": "steel"}'],
  ['an object within', '{"box": {"lid": {}}}'],
  ['an object around a value', '{"cover": {"wax": {}}}'],
  ['all around a value', '{"cover": {}}'],
]

let stores: TestStores
afterAll(() => stores?.close())

const recheckMs = [10, 10]
const ledgers = () => ({ mongo: stores.mongo.ledger, postgres: stores.postgres.ledger })

describe.each(directions)('Empty objects of mapped paths among what is unmapped, authority $from', ({ from }) => {
  let epoch: number
  beforeEach(async () => {
    await stores?.close()
    stores = await openStores([Parcel])
    const documents = [...emptied, null].map((_, n) => ({ ...whole, ...(n === 0 && { hull: 'steel' }), _id: n }))
    await stores.mongo.connection.collection(Parcel).insertMany(documents as Document[] as never[])
    await prepareFlags(ledgers(), ['Parcel'])
    const move = { ledgers: ledgers(), sweep: async () => 0, log: () => undefined }
    const to = (stage: Stage) => setStage(move, { type: 'Parcel', stage })
    await to('dualwrite')
    await backfill({ stores, entity: Parcel })
    ;({ epoch } = await to(from === 'mongo' ? 'shadow' : 'live'))
    await changeUnseen(
      stores,
      ...emptied.map(([, rest], id) => sql`update parcels set rest = ${rest}::jsonb where id = ${id}`),
      sql`update parcel_rows set rest = '{"gift": {}}' where parent_id = ${emptied.length}`,
    )
  })

  const look = () => verify({ stores, entity: Parcel, recheckMs })

  test('are no difference, and a backfill takes them away', async () => {
    expect((await look()).different).toEqual({ missing: 0, extra: 0, content: 0, version: 0 })
    await backfill({ stores, entity: Parcel })
    expect(isClean(await look())).toBe(true)
    expect(await stores.postgres.connection.run(sql`select id, rest from parcels where rest is not null`)).toEqual([
      { id: 0, rest: { hull: 'steel' } },
    ])
    expect(await stores.postgres.connection.run(sql`select from parcel_rows where rest is not null`)).toEqual([])
  })

  // What is put from MongoDB has none
  test.runIf(from === 'postgres')('are taken away by a patch, too', async () => {
    for (const [id, [title]] of emptied.entries()) {
      const patch = planPatch(Parcel, { 'box.size': 2 })
      const image = await stores.postgres.authority.patch(Parcel, id, patch, { epoch, owed: true })
      const record = { id, ...whole, box: { size: 2, lid: { kind: 'k' } }, seal: 's' } as Record<string, unknown>
      delete record['cover']
      expect([title, image!.record, image!.rest]).toEqual([title, record, id === 0 ? { hull: 'steel' } : null])
    }
  })
})
