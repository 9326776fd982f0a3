import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Entity, Rec } from '../../src/entity/entity.ts'
import { allFields } from '../../src/entity/field-set.ts'
import { encodeCursor } from '../../src/query/cursor.ts'
import { planOffset } from '../../src/query/offset-page.ts'
import { totalOrder } from '../../src/query/order.ts'
import { cutPage, defaultBounds, planPage } from '../../src/query/page.ts'
import type { Store } from '../../src/stores/store.ts'
import { rounds } from '../support/long.ts'
import { openStores, type TestStores } from '../support/stores.ts'
import { openWorld } from './open-world.ts'
import { plain } from './plain.ts'
import { type Question, questions } from './queries.ts'
import { seed } from './seed.ts'
import { worlds } from './world.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([])
})
afterAll(() => stores.close())

const perWorld = 25

/** Everything that a question finds, page by page, in the order of the question. */
async function walk(store: Store, entity: Entity, question: Question, direction: 'forward' | 'backward') {
  const { where, order, size } = question
  const shown = totalOrder(entity, order)
  const records: Rec[] = []
  const cursors: string[] = []
  for (let cursor: string | null = null; ; ) {
    const args = direction === 'forward' ? { first: size, after: cursor } : { last: size, before: cursor }
    const plan = planPage(entity, where, order, args)
    const { items, hasNextPage, hasPreviousPage } = cutPage(
      plan,
      await store.reader.query(entity, { ...plan, fields: allFields(entity) }),
    )
    const page = items.map(({ record }) => record)
    const edges = page.map((record) => encodeCursor(entity, shown, record))
    if (direction === 'forward') {
      records.push(...page)
      cursors.push(...edges)
    } else {
      records.unshift(...page)
      cursors.unshift(...edges)
    }
    const more = direction === 'forward' ? hasNextPage : hasPreviousPage
    cursor = (direction === 'forward' ? edges.at(-1) : edges[0]) ?? null
    if (!more || cursor === null) return { records, cursors }
  }
}

const cases = worlds.chain((world) =>
  fc.record({
    world: fc.constant(world),
    asked: fc.array(questions(world), { minLength: 1, maxLength: perWorld, size: 'max' }),
  }),
)

test('both stores hold the same records and give the same answers, pages and cursors', async () => {
  let answered = 0
  await fc.assert(
    fc.asyncProperty(cases, async ({ world, asked }) => {
      const entity = await openWorld(stores, world)
      const each = (record: Rec): unknown => plain(entity, record)
      for (const question of asked) {
        const { mongo, postgres } = stores
        const [forward, other] = [
          await walk(mongo, entity, question, 'forward'),
          await walk(postgres, entity, question, 'forward'),
        ]
        expect(other.records.map(each)).toEqual(forward.records.map(each))
        expect(other.cursors).toEqual(forward.cursors)
        for (const store of [mongo, postgres]) {
          const backward = await walk(store, entity, question, 'backward')
          expect(backward.cursors).toEqual(forward.cursors)
          const { where, order, size, offset } = question
          const plan = planOffset(entity, where, order, { limit: size, offset }, defaultBounds)
          const { items } = cutPage(plan, await store.reader.query(entity, { ...plan, fields: allFields(entity) }))
          expect(items.map(({ record }) => each(record))).toEqual(
            forward.records.slice(offset, offset + size).map(each),
          )
          expect(await store.reader.count(entity, question.where)).toBe(forward.records.length)
        }
        answered++
      }
    }),
    { numRuns: rounds(90, 1_700), seed, endOnFailure: process.env['CROSSFADE_SHRINK'] === '0' },
  )
  console.info(`${answered} questions, seed ${seed}`)
}, 3_600_000)
