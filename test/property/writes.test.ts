import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Entity, Id } from '../../src/entity/entity.ts'
import { planPatch } from '../../src/query/patch.ts'
import type { Store } from '../../src/stores/store.ts'
import { CrossfadeError } from '../../src/util/errors.ts'
import { rounds } from '../support/long.ts'
import { openStores, type TestStores } from '../support/stores.ts'
import { openWorld } from './open-world.ts'
import { inputOf, patches } from './patches.ts'
import { plain } from './plain.ts'
import { seed } from './seed.ts'
import { worlds } from './world.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([])
})
afterAll(() => stores.close())

const cases = worlds.chain((world) =>
  fc.record({
    world: fc.constant(world),
    sequence: fc.array(fc.record({ at: fc.nat({ max: 13 }), steps: patches(world) }), {
      minLength: 1,
      maxLength: 25,
      size: 'max',
    }),
  }),
)

/** What a store makes of a patch: the record, or the code of its refusal. */
async function outcome(store: Store, entity: Entity, id: Id, input: object): Promise<unknown> {
  try {
    const patch = planPatch(entity, input as Record<string, unknown>)
    const image = await store.authority.patch(entity, id, patch, { epoch: 0, owed: false })
    return image?.record ? plain(entity, image.record) : null
  } catch (error) {
    if (!(error instanceof CrossfadeError)) throw error
    return error.code
  }
}

test('each store, as the authority, makes the same of a sequence of patches', async () => {
  let applied = 0
  await fc.assert(
    fc.asyncProperty(cases, async ({ world, sequence }) => {
      const entity = await openWorld(stores, world)
      const { images } = await stores.mongo.reader.scan(entity, { after: null, limit: 100 })
      for (const { at, steps } of sequence) {
        const { id } = images[at % images.length]!
        const mongo = await outcome(stores.mongo, entity, id, inputOf(steps))
        expect(await outcome(stores.postgres, entity, id, inputOf(steps))).toEqual(mongo)
        applied++
      }
    }),
    { numRuns: rounds(40, 800), seed, endOnFailure: process.env['CROSSFADE_SHRINK'] === '0' },
  )
  console.info(`${applied} patches, seed ${seed}`)
}, 3_600_000)
