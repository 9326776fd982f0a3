import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Id } from '../../src/entity/entity.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { ensureConstraints } from '../../src/jobs/ensure-constraints.ts'
import { planPatch } from '../../src/query/patch.ts'
import type { Image, PutOutcome, Steps, Store } from '../../src/stores/store.ts'
import { compareVersions } from '../../src/stores/version.ts'
import { CrossfadeError } from '../../src/util/errors.ts'
import { type Origin, origins } from '../../src/util/origin.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { rounds } from '../support/long.ts'
import { emptyStores, openStores, type TestStores } from '../support/stores.ts'
import { Doc, withToken } from './doc.ts'
import { openWorld } from './history.ts'
import { begin, forget, type Setting } from './instances.ts'
import { modelStores } from './model-stores.ts'
import { type Random, randomOf } from './random.ts'

let real: TestStores
let setting: Setting
let seed = 0
beforeAll(async () => {
  real = await openStores([Doc])
  await real.mongo.connection.collection(Doc).createIndex({ tag: 1 }, { unique: true, sparse: true })
  await ensureConstraints(real, [Doc])
})
beforeEach(async () => {
  await emptyStores(real)
  setting = await openWorld(++seed, [])
  setting.servers.postgres.state.ledger.clear() // the flags, which the real ones do not have here either
})
afterAll(async () => {
  forget(setting)
  await real.close()
})

/** One store, and how it is asked: in the simulation or in the real world. */
interface Asked {
  readonly name: string
  readonly store: Store
  run<T>(work: () => Promise<T>): Promise<T>
  /** Images that it gave, as the sequence counts them. */
  readonly given: Image[]
}

function asked(origin: Origin): Asked[] {
  const { world, network, servers } = setting
  const place = world.place('tester')
  async function simulated<T>(work: () => Promise<T>): Promise<T> {
    let settled: { readonly value: T } | { readonly error: unknown } | null = null
    begin(setting, place, async () => {
      settled = await work().then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      )
    })
    await world.run(world.now + 60_000, () => settled !== null)
    const done = settled! as { value?: T; error?: unknown }
    if ('error' in done) throw done.error
    return done.value!
  }
  const model = modelStores(network, servers)
  const really = <T>(work: () => Promise<T>): Promise<T> => work()
  return [
    { name: 'real', store: real[origin], run: really, given: [] },
    { name: 'model', store: model[origin], run: simulated, given: [] },
  ]
}

const ids = ['a', 'b', 'c']
const tags = ['red', 'green']

/** What is asked of each store, and an answer in words that do not depend on its clock. */
type Step = (of: Asked) => Promise<unknown>

/** An image without its counter, which depends on the clock, and whether its version is above the last one. */
function told(of: Asked, image: Image | null): unknown {
  if (!image) return null
  const before = of.given.findLast(({ id }) => id === image.id)
  of.given.push(image)
  const isLater = !before || compareVersions(image.version, before.version) > 0
  return { id: image.id, epoch: image.version.epoch, isLater, pending: image.pending, record: image.record }
}

const outcome = (put: PutOutcome): unknown => (put.put === 'blocked' ? { put: put.put, by: put.by.toSorted() } : put)

/** An image that was given, or one that is a little newer; null where nothing was given yet. */
function imageFrom(of: Asked, index: number, above: number, isDead: boolean): Image | null {
  const image = of.given[index % Math.max(1, of.given.length)]
  if (!image) return null
  const { epoch, counter } = image.version
  const record = isDead ? null : image.record
  return { ...image, version: { epoch, counter: counter + above }, record }
}

function stepOf(random: Random, n: number): { readonly text: string; readonly step: Step } {
  const [id, tag, index, above] = [random.pick(ids), random.pick(tags), random.below(100), random.below(3) - 1]
  const stamp = { epoch: 1 + random.below(2), owed: random.chance(0.8) }
  const [other, fails] = [random.pick(ids), random.chance(0.3)]
  const steps: readonly (readonly [string, Step])[] = [
    [
      `create ${id}`,
      async (of) => told(of, await of.store.authority.create(Doc, newRecord(Doc, id, { log: [`t${n}`], n: 1 }), stamp)),
    ],
    [
      `append ${id}`,
      async (of) => told(of, await of.store.authority.patch(Doc, id, planPatch(Doc, withToken(`t${n}`)), stamp)),
    ],
    [`tag ${id}`, async (of) => told(of, await of.store.authority.patch(Doc, id, planPatch(Doc, { tag }), stamp))],
    [`delete ${id}`, async (of) => told(of, await of.store.authority.delete(Doc, id, stamp))],
    [
      `together ${id}, ${other}${fails ? ', and throw' : ''}`,
      async (of) => {
        const work = async (steps: Steps): Promise<(Image | null)[]> => {
          const images = [
            await steps.patch(Doc, id, planPatch(Doc, withToken(`t${n}`)), stamp),
            await steps.delete(Doc, other, stamp),
            await steps.create(Doc, newRecord(Doc, other, { log: [`t${n}`], n: 1 }), stamp),
          ]
          if (fails) throw new CrossfadeError('BAD_USER_INPUT', 'no')
          return [...images, ...(await steps.images(Doc, [id]))]
        }
        return (await of.store.authority.together(work, () => undefined)).map((image) => told(of, image))
      },
    ],
    [
      `put ${index} + ${above}`,
      async (of) => {
        const image = imageFrom(of, index, above, n % 3 === 0)
        return image && (await of.store.replica.bulkPut(Doc, [image], anyEpoch)).map(outcome)
      },
    ],
    [
      `restamp ${index}`,
      async (of) => {
        const image = imageFrom(of, index, 0, false)
        const over = imageFrom(of, index + 1, 1, false)
        return image && over && of.store.authority.restamp(Doc, image.id, image.version, { ...over.version, epoch: 1 })
      },
    ],
    [`owe ${id}`, async (of) => of.store.authority.owe(Doc, [id])],
    [
      `clear ${index}`,
      async (of) => {
        const image = imageFrom(of, index, 0, false)
        if (image)
          await of.store.outbox.clear(Doc, [{ id: image.id, version: image.version, deleted: image.record === null }])
      },
    ],
  ]
  const [text, step] = random.pick(steps)
  return { text: `${text}, epoch ${stamp.epoch}${stamp.owed ? ', owed' : ''}`, step }
}

async function answer(of: Asked, step: Step): Promise<unknown> {
  try {
    return (await of.run(() => step(of))) ?? null
  } catch (error) {
    if (error instanceof CrossfadeError) return error.code
    throw error
  }
}

/** What is left: records, and what is owed of them. */
async function left(of: Asked): Promise<unknown> {
  const owed = await of.run(() => of.store.outbox.owed(Doc, 0, 100))
  const { images } = await of.run(() => of.store.reader.scan(Doc, { after: null, limit: 100 }))
  return { owed: (owed as Id[]).toSorted(), records: images.map(({ record }) => record) }
}

describe.each(origins)('%s of the model answers as the real one', (origin) => {
  test.each(Array.from({ length: rounds(40, 2_000) }, (_, n) => n + 1))('in sequence %i', async (n) => {
    const random = randomOf(n)
    const [there, here] = asked(origin)
    const so: string[] = []
    for (let step = 0; step < 40; step++) {
      const { text, step: ask } = stepOf(random, step)
      so.push(text)
      expect({ so, told: await answer(here!, ask) }).toEqual({ so, told: await answer(there!, ask) })
    }
    expect({ so, left: await left(here!) }).toEqual({ so, left: await left(there!) })
  })
})
