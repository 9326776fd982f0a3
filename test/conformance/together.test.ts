import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { initialFlag } from '../../src/control/flag.ts'
import { raiseFlag } from '../../src/control/flag-store.ts'
import type { Entity, Rec } from '../../src/entity/entity.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { append, increment } from '../../src/query/operations.ts'
import { planPatch } from '../../src/query/patch.ts'
import { mongoAuthority } from '../../src/stores/mongo/authority.ts'
import type { Authority, Image, Steps } from '../../src/stores/store.ts'
import { openPurses, Purse, Transfer } from '../support/purses.ts'
import type { TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openPurses()
})
afterAll(() => stores.close())

const owed = { epoch: 1, owed: true } as const
let made = 0
const newId = (): string => `purse-${String(++made).padStart(3, '0')}`
const purse = (id: string, values = {}): Rec => newRecord(Purse, id, { coins: 10, owner: id, ...values })
const transfer = (id: string): Rec => newRecord(Transfer, id, { coins: 1, marks: ['new'] })
const paid = (coins: number) => planPatch(Purse, { coins: increment(-coins) })

/** A failure of the test's own. */
class Thrown extends Error {}

describe.each(['mongo', 'postgres'] as const)('Steps of one transaction in %s', (origin) => {
  const authority = (): Authority => stores[origin].authority
  const together = <T>(work: (steps: Steps) => Promise<T>): Promise<T> => authority().together(work, () => undefined)
  const imageOf = async (entity: Entity, id: string): Promise<Image | undefined> =>
    (await stores[origin].outbox.images(entity, [id]))[0]
  const recordOf = async (entity: Entity, id: string): Promise<Rec | null | undefined> =>
    (await imageOf(entity, id))?.record

  /** A purse with ten coins, that nobody has touched in a transaction. */
  async function opened(): Promise<string> {
    const id = newId()
    await authority().create(Purse, purse(id), owed)
    return id
  }

  test('stand together, each at a version of its own, marked as owed', async () => {
    const id = await opened()
    const before = await imageOf(Purse, id)
    const images = await together(async (steps) => [
      await steps.patch(Purse, id, paid(3), owed),
      await steps.create(Transfer, transfer(id), owed, true),
      await steps.patch(Transfer, id, planPatch(Transfer, { marks: append('paid') }), owed),
    ])
    expect(images[0]).toMatchObject({
      record: { coins: 7 },
      version: { epoch: 1, counter: before!.version.counter + 1 },
      pending: true,
    })
    expect(images[2]).toMatchObject({ record: { coins: 1, marks: ['new', 'paid'] }, pending: true })
    expect(images[2]!.version.counter).toBe(images[1]!.version.counter + 1)
    expect(await imageOf(Purse, id)).toMatchObject({ record: { coins: 7 }, version: images[0]!.version })
    expect(await imageOf(Transfer, id)).toMatchObject({ record: images[2]!.record, version: images[2]!.version })
    for (const entity of [Purse, Transfer])
      expect((await stores[origin].outbox.owedFor(entity, [id])).has(id)).toBe(true)
  })

  test('see each other, and are seen by nobody else before the end', async () => {
    const id = await opened()
    const other = newId()
    await together(async (steps) => {
      await steps.patch(Purse, id, paid(4), owed)
      await steps.create(Purse, purse(other), owed)
      await steps.delete(Purse, id, owed)
      const inside = await steps.images(Purse, [id, other])
      expect(inside.map(({ record }) => record?.['coins'] ?? null).sort()).toEqual([10, null])
      expect(await recordOf(Purse, id)).toMatchObject({ coins: 10 })
      expect(await imageOf(Purse, other)).toBeUndefined()
    })
    expect(await recordOf(Purse, id)).toBeNull()
    expect(await recordOf(Purse, other)).toMatchObject({ coins: 10 })
  })

  const failures: readonly (readonly [string, (steps: Steps, id: string) => Promise<unknown>, object])[] = [
    ['the work throws', () => Promise.reject(new Thrown('no')), { message: 'no' }],
    [
      'a unique value is taken',
      (steps, id) => steps.create(Purse, purse(newId(), { owner: `${id} taken` }), owed),
      { code: 'CONFLICT' },
    ],
    ['an id is taken', (steps, id) => steps.create(Transfer, transfer(`${id} taken`), owed), { code: 'CONFLICT' }],
    [
      'a record is of a later epoch',
      (steps, id) => steps.patch(Purse, `${id} later`, paid(1), owed),
      { code: 'TRY_AGAIN' },
    ],
    [
      'what was deleted under the id is of a later epoch',
      (steps, id) => steps.create(Purse, purse(`${id} buried`), owed),
      { code: 'TRY_AGAIN' },
    ],
  ]
  test.each(failures)('leave nothing where %s', async (_, fail, wanted) => {
    const id = await opened()
    await authority().create(Purse, purse(`${id} holder`, { owner: `${id} taken` }), owed)
    await authority().create(Transfer, transfer(`${id} taken`), owed)
    await authority().create(Purse, purse(`${id} later`), { epoch: 2, owed: true })
    await authority().create(Purse, purse(`${id} buried`), owed)
    await authority().delete(Purse, `${id} buried`, { epoch: 2, owed: true })
    const gone = newId()
    await authority().create(Purse, purse(gone), owed)
    const before = [await imageOf(Purse, id), await imageOf(Purse, gone)]
    const work = together(async (steps) => {
      await steps.patch(Purse, id, paid(1), owed)
      await steps.delete(Purse, gone, owed)
      await steps.create(Transfer, transfer(id), owed)
      return fail(steps, id)
    })
    await expect(work).rejects.toMatchObject(wanted)
    expect([await imageOf(Purse, id), await imageOf(Purse, gone)]).toEqual(before)
    expect(await imageOf(Transfer, id)).toBeUndefined()
    // And nothing is held any more
    expect(await authority().patch(Purse, id, paid(1), owed)).toMatchObject({ record: { coins: 9 } })
  })

  test('go on behind a step that found no record, which is no failure', async () => {
    const id = await opened()
    const found = await together(async (steps) => {
      const none = [
        await steps.patch(Purse, 'nobody', paid(1), owed),
        await steps.patch(Transfer, 'nobody', planPatch(Transfer, { marks: append('x') }), owed),
        await steps.delete(Purse, 'nobody', owed),
      ]
      const { version } = (await steps.patch(Purse, id, paid(1), owed))!
      return [
        ...none,
        await steps.patch(Purse, id, paid(1), owed, { at: { ...version, counter: version.counter - 1 } }),
      ]
    })
    expect(found).toEqual([null, null, null, null])
    expect(await recordOf(Purse, id)).toMatchObject({ coins: 9 })
  })

  test('make again what was deleted, above what was deleted, before or in the same transaction', async () => {
    const id = await opened()
    const gone = await authority().delete(Purse, id, owed)
    const [again, last, third] = await together(async (steps) => [
      await steps.create(Purse, purse(id, { coins: 1 }), owed),
      await steps.delete(Purse, id, owed),
      await steps.create(Purse, purse(id, { coins: 2 }), owed),
    ])
    const counters = [gone, again, last, third].map((image) => image!.version.counter)
    expect(counters.toSorted((a, b) => a - b)).toEqual(counters)
    expect(new Set(counters).size).toBe(4)
    expect(await imageOf(Purse, id)).toMatchObject({ record: { coins: 2 }, version: third!.version })
  })

  test('a delete that owes nothing leaves nothing behind', async () => {
    const id = newId()
    const free = { epoch: 1, owed: false }
    await authority().create(Purse, purse(id), free)
    await together((steps) => steps.delete(Purse, id, free))
    expect(await recordOf(Purse, id)).toBeFalsy()
    expect((await stores[origin].outbox.owedFor(Purse, [id])).has(id)).toBe(false)
  })

  test('are not disturbed by marks that are taken off meanwhile', async () => {
    const id = await opened()
    const other = await opened()
    let runs = 0
    await together(async (steps) => {
      runs++
      await steps.patch(Purse, other, paid(1), owed) // from here on a transaction may see the store as it is
      const { version } = (await imageOf(Purse, id))!
      await stores[origin].outbox.clear(Purse, [{ id, version, deleted: false }])
      await steps.patch(Purse, id, paid(2), owed)
    })
    expect(runs).toBe(1)
    expect([await recordOf(Purse, id), await recordOf(Purse, other)]).toMatchObject([{ coins: 8 }, { coins: 9 }])
  })

  test('are refused, and leave nothing, where what they have gone by was changed meanwhile', async () => {
    const [id, other] = [await opened(), await opened()]
    const racing = together(async (steps) => {
      await steps.images(Purse, [id])
      await authority().patch(Purse, id, paid(1), owed)
      await authority().patch(Purse, other, paid(1), owed)
      await steps.create(Transfer, transfer(id), owed)
      return steps.patch(Purse, other, paid(1), owed)
    })
    // MongoDB's transactions see the store as it was at their beginning; PostgreSQL's statements each see it as it is
    if (origin === 'postgres') return void (await racing)
    await expect(racing).rejects.toMatchObject({ code: 'TRY_AGAIN' })
    expect([await recordOf(Purse, id), await recordOf(Purse, other)]).toMatchObject([{ coins: 9 }, { coins: 9 }])
    expect(await imageOf(Transfer, id)).toBeUndefined()
  })

  test('of two transactions that change one record, none is lost, and one may be told to try again', async () => {
    const id = await opened()
    const pay = (): Promise<string> =>
      together(async (steps) => {
        await steps.patch(Purse, id, paid(1), owed)
        await steps.create(Transfer, transfer(newId()), owed, true)
      }).then(
        () => 'done',
        ({ code }: { code: string }) => code,
      )
    const told = await Promise.all([pay(), pay(), pay()])
    const done = told.filter((each) => each === 'done').length
    expect(done).toBeGreaterThan(0)
    for (const each of told) expect(['done', 'TRY_AGAIN']).toContain(each)
    expect(await recordOf(Purse, id)).toMatchObject({ coins: 10 - done })
  })
})

const inPostgres = <T>(work: (steps: Steps) => Promise<T>): Promise<T> =>
  stores.postgres.authority.together(work, () => undefined)

test('in PostgreSQL, are refused where the group has moved, and leave nothing', async () => {
  const id = newId()
  await stores.postgres.authority.create(Purse, purse(id), owed)
  const flag = { ...initialFlag('money', ['Purse', 'Transfer']), stage: 'live', epoch: 2, revision: 2 } as const
  await raiseFlag(stores.postgres.ledger, flag)
  const pay = (epoch: number) =>
    inPostgres(async (steps) => {
      await steps.patch(Purse, id, paid(1), { epoch, owed: true })
      await steps.create(Transfer, transfer(id), { epoch, owed: true }, true)
    })
  await expect(pay(1)).rejects.toMatchObject({ code: 'TRY_AGAIN' })
  await pay(2)
  let open: Promise<unknown> | undefined
  const moved = { ...flag, epoch: 3, revision: 3 }
  await inPostgres(async (steps) => {
    await steps.patch(Purse, id, paid(1), { epoch: 2, owed: true })
    open = raiseFlag(stores.postgres.ledger, moved) // waits for what has begun
    await new Promise((done) => setTimeout(done, 100))
    await steps.patch(Transfer, id, planPatch(Transfer, { coins: 5 }), { epoch: 2, owed: true })
  })
  await open
  await expect(pay(2)).rejects.toMatchObject({ code: 'TRY_AGAIN' })
  const [left] = await stores.postgres.outbox.images(Purse, [id])
  expect(left!.record).toMatchObject({ coins: 8 })
})

test('on a MongoDB server by itself, which has no transactions, each step stands by itself', async () => {
  const { connection } = stores.mongo
  // As such a server answers: it is of no set
  const db = Object.create(connection.db, { command: { value: async () => ({ isWritablePrimary: true }) } })
  const alone = mongoAuthority({ ...connection, db })
  const id = newId()
  await stores.mongo.authority.create(Purse, purse(id), owed)
  const work = alone.together(
    async (steps) => {
      expect(steps.isAtomic).toBe(false)
      await steps.patch(Purse, id, paid(1), owed)
      throw new Thrown('no')
    },
    () => undefined,
  )
  await expect(work).rejects.toThrow('no')
  const [left] = await stores.mongo.outbox.images(Purse, [id])
  expect(left!.record).toMatchObject({ coins: 9 })
})
