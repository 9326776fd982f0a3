import fc, { type Arbitrary } from 'fast-check'
import type { Document } from 'mongodb'
import { expect, test } from 'vitest'
import { packId, unpackId } from '../../src/codec/composite-id.ts'
import { type IdParts, type PartKind, partCodecs } from '../../src/codec/id-part.ts'
import { kinds } from '../../src/codec/kinds.ts'
import { defineEntity } from '../../src/entity/define-entity.ts'
import type { Id } from '../../src/entity/entity.ts'
import { compositeId, int, long, text, timestamp } from '../../src/entity/field.ts'
import { copyAll, openStores } from '../support/stores.ts'
import { seed } from './seed.ts'
import { storedOf, valuesOf } from './values.ts'

const partKinds = Object.keys(partCodecs) as PartKind[]

/** Parts of any kinds, and two ids that often begin alike. */
const pairs = fc.array(fc.constantFrom(...partKinds), { minLength: 2, maxLength: 4 }).chain((of) => {
  const parts: IdParts = Object.fromEntries(of.map((kind, index) => [`p${index}`, kind]))
  const values = of.map((kind) => valuesOf[kind].map((value) => kinds[kind].parse(value)))
  const twice = values.map((value: Arbitrary<unknown>) =>
    fc.oneof(
      value.map((same) => [same, same] as const),
      fc.tuple(value, value),
    ),
  )
  return fc.tuple(...twice).map((drawn) => ({
    parts,
    one: Object.fromEntries(drawn.map(([value], index) => [`p${index}`, value])),
    other: Object.fromEntries(drawn.map(([, value], index) => [`p${index}`, value])),
  }))
})

test('ids are ordered as their parts are, one behind the other, and say them again', () => {
  fc.assert(
    fc.property(pairs, ({ parts, one, other }) => {
      const [a, b] = [packId(parts, one), packId(parts, other)]
      const differences = Object.entries(parts).map(([name, kind]) =>
        kinds[kind].compare!(one[name] as never, other[name] as never),
      )
      const expected = Math.sign(differences.find((difference) => difference !== 0) ?? 0)
      expect(a < b ? -1 : a > b ? 1 : 0).toBe(expected + 0)
      expect(unpackId(parts, a)).toEqual(one)
    }),
    { numRuns: 5_000, seed },
  )
})

const Stock = defineEntity('Stock', {
  mongo: 'stocks',
  postgres: 'stocks',
  id: compositeId({ store: text(), number: int(), at: timestamp(), count: long() }),
  fields: {},
})

const few = {
  store: fc.constantFrom('', 'a', 'ab', 'é', '\ufffd', '\u{1f600}'),
  number: fc.integer({ min: -2, max: 2 }),
}
const documents: Arbitrary<Document> = fc.oneof(
  fc.record({ store: storedOf.text, number: storedOf.int, at: storedOf.timestamp, count: storedOf.long }),
  fc.record({ ...few, at: fc.constantFrom(new Date(-1), new Date(0), new Date(1)), count: storedOf.long }),
)

test('both stores have records in the order of their ids', async () => {
  const stores = await openStores([Stock])
  const made = new Map<string, Document>()
  for (const document of fc.sample(documents, { numRuns: 400, seed })) {
    const { store, number, at, count } = document
    made.set(JSON.stringify([store, String(number), at, String(count)]), document)
  }
  await stores.mongo.connection
    .collection(Stock)
    .insertMany([...made.values()].map((_id) => ({ _id }) as Document))
    .catch((error: unknown) => {
      throw new Error(`seed ${seed}`, { cause: error })
    })
  await copyAll(stores, Stock, 37)
  const idsIn = async (origin: 'mongo' | 'postgres'): Promise<Id[]> => {
    const { images, quarantined } = await stores[origin].reader.scan(Stock, { after: null, limit: 500 })
    expect(quarantined).toEqual([])
    return images.map(({ id }) => id)
  }
  const ids = await idsIn('mongo')
  expect(ids).toEqual(ids.toSorted())
  expect(await idsIn('postgres')).toEqual(ids)
  expect(ids.length).toBeGreaterThan(100)
  await stores.close()
})
