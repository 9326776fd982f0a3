import { inspect } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Entity, Id } from '../../src/entity/entity.ts'
import { planPatch } from '../../src/query/patch.ts'
import type { Image, Store } from '../../src/stores/store.ts'
import { formatVersion, unversioned } from '../../src/stores/version.ts'
import { CrossfadeError } from '../../src/util/errors.ts'
import { rounds } from '../support/long.ts'
import { openStores, type TestStores } from '../support/stores.ts'
import { openWorld } from './open-world.ts'
import { inputOf, patches } from './patches.ts'
import { plain } from './plain.ts'
import { seed } from './seed.ts'
import { type World, worlds } from './world.ts'

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

/** All that a mirror would get, to the last place of a decimal and the order of keys. */
const exactly = (image: Image | null | undefined): string =>
  inspect([image?.record, image?.rest, image?.elementRests ?? {}, image?.issues], {
    depth: Number.POSITIVE_INFINITY,
    maxArrayLength: null,
    maxStringLength: null,
  })

const versionOf = (image: Image | null | undefined): string => formatVersion(image?.version ?? unversioned)

/** Patches that left their records as they were, by store. */
const unchanged = { mongo: 0, postgres: 0 }

/** What a store makes of a patch: the record, or the code of its refusal. Whatever is another at all is a new version. */
async function outcome(store: Store, entity: Entity, id: Id, input: object): Promise<unknown> {
  const [before] = await store.outbox.images(entity, [id])
  try {
    const patch = planPatch(entity, input as Record<string, unknown>)
    const image = await store.authority.patch(entity, id, patch, { epoch: 0, owed: false })
    if (versionOf(image) === versionOf(before)) {
      expect(exactly(image)).toBe(exactly(before))
      unchanged[store.origin]++
    }
    return image?.record ? plain(entity, image.record) : null
  } catch (error) {
    if (!(error instanceof CrossfadeError)) throw error
    return error.code
  }
}

/** MongoDB cannot tell the types of numbers that stand inside of other values. */
const hasParts = ({ leaves, rows }: World): boolean =>
  [...leaves, ...rows].some(({ kind }) => kind === 'json' || kind === 'compositeId')

/** What is set a second time is there. */
async function setAgain(store: Store, entity: Entity, id: Id, input: object): Promise<void> {
  const [before] = await store.outbox.images(entity, [id])
  await outcome(store, entity, id, input)
  const [after] = await store.outbox.images(entity, [id])
  expect(versionOf(after)).toBe(versionOf(before))
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
        if (Object.values(steps).every(({ op }) => op === 'set')) {
          await setAgain(stores.postgres, entity, id, inputOf(steps))
          if (!hasParts(world)) await setAgain(stores.mongo, entity, id, inputOf(steps))
        }
        applied++
      }
    }),
    { numRuns: rounds(40, 800), seed, endOnFailure: process.env['CROSSFADE_SHRINK'] === '0' },
  )
  console.info(`${applied} patches, seed ${seed}; unchanged: ${JSON.stringify(unchanged)}`)
  expect(Math.min(unchanged.mongo, unchanged.postgres)).toBeGreaterThan(0)
}, 3_600_000)
