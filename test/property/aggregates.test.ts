import fc, { type Arbitrary } from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Aggregate, Measure } from '../../src/query/aggregate.ts'
import { rounds } from '../support/long.ts'
import { openStores, type TestStores } from '../support/stores.ts'
import { openWorld } from './open-world.ts'
import { type Asked, asksOf, questions } from './queries.ts'
import { seed } from './seed.ts'
import { kindNamed } from './values.ts'
import { type World, worlds } from './world.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([])
})
afterAll(() => stores.close())

/** Whole numbers only: a sum of generated doubles or decimals may need more digits than a decimal128 has. */
const summed = new Set(['int', 'long'])
const compared = new Set(['int', 'float', 'long', 'decimal', 'timestamp', 'text', 'enum', 'objectId'])

function measuresOf(asked: readonly Asked[]): Measure[] {
  return asked.flatMap(({ leaf, path }): Measure[] => {
    if (leaf.shape !== 'scalar') return []
    const sums: Measure[] = summed.has(leaf.kind)
      ? [
          { op: 'sum', path },
          { op: 'avg', path },
        ]
      : []
    return compared.has(leaf.kind) ? [...sums, { op: 'min', path }, { op: 'max', path }] : sums
  })
}

function aggregates(world: World): Arbitrary<Aggregate> {
  const asked = asksOf(world.leaves)
  const groupable = asked.flatMap(({ leaf, path }) =>
    leaf.shape === 'scalar' && kindNamed(leaf.kind).queries === 'order' ? [path] : [],
  )
  const measures = Object.fromEntries([{ op: 'count' as const }, ...measuresOf(asked)].map((m, i) => [`m$.${i}`, m]))
  const numbers = Object.entries(measures).filter(([, { op }]) => op !== 'min' && op !== 'max')
  const direction = fc.constantFrom('asc' as const, 'desc' as const)
  return fc
    .record({
      question: questions(world),
      by: fc.subarray(groupable, { maxLength: Math.min(2, groupable.length) }),
      limit: fc.integer({ min: 1, max: 9 }),
    })
    .chain(({ question: { where }, by, limit }) => {
      const key = fc.constantFrom(...by, ...Object.keys(measures))
      const none = by.length === 0
      return fc.record({
        where: fc.constant(where),
        by: fc.constant(by),
        limit: fc.constant(limit),
        measures: fc.constant(measures),
        order: none
          ? fc.constant([])
          : fc.uniqueArray(fc.record({ key, direction }), { maxLength: 2, selector: (each) => each.key }),
        having: none
          ? fc.constant([])
          : fc.array(
              fc.record({
                measure: fc.constantFrom(...numbers.map(([name]) => name)),
                op: fc.constantFrom('eq' as const, 'lt' as const, 'gte' as const),
                value: fc.constantFrom('0', '1', '2.5', '-7', '9007199254740993'),
              }),
              { maxLength: 2 },
            ),
      })
    })
}

const cases = worlds.chain((world) =>
  fc.record({
    world: fc.constant(world),
    asked: fc.array(aggregates(world), { minLength: 1, maxLength: 25, size: 'max' }),
  }),
)

test('both stores count, sum and choose the same groups in the same order', async () => {
  let answered = 0
  await fc.assert(
    fc.asyncProperty(cases, async ({ world, asked }) => {
      const entity = await openWorld(stores, world)
      for (const aggregate of asked) {
        const groups = await stores.mongo.reader.aggregate(entity, aggregate)
        expect(await stores.postgres.reader.aggregate(entity, aggregate)).toEqual(groups)
        answered++
      }
    }),
    { numRuns: rounds(20, 400), seed, endOnFailure: process.env['CROSSFADE_SHRINK'] === '0' },
  )
  console.info(`${answered} aggregates, seed ${seed}`)
}, 3_600_000)
