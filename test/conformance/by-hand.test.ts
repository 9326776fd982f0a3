import { type ByHand, everything, where } from 'crossfade'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { initialFlag } from '../../src/control/flag.ts'
import { raiseFlag } from '../../src/control/flag-store.ts'
import type { Entity, Rec } from '../../src/entity/entity.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { planPatch } from '../../src/query/patch.ts'
import { mongoAuthority } from '../../src/stores/mongo/authority.ts'
import type { MongoHand } from '../../src/stores/mongo/hand.ts'
import { postgresAuthority } from '../../src/stores/postgres/authority.ts'
import type { PostgresHand } from '../../src/stores/postgres/hand.ts'
import type { Authority, DoneByHand, Image, Stamp } from '../../src/stores/store.ts'
import { compareVersions } from '../../src/stores/version.ts'
import { openPurses, Purse, Transfer } from '../support/purses.ts'
import type { TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openPurses()
  // The triggers go by it
  const flag = { ...initialFlag('money', ['Purse', 'Transfer']), stage: 'live', epoch: 1, revision: 2 } as const
  await raiseFlag(stores.postgres.ledger, flag)
})
afterAll(() => stores.close())

const owed: Stamp = { epoch: 1, owed: true }
let made = 0
const newId = (): string => `purse-${String(++made).padStart(3, '0')}`
const purse = (id: string, values = {}): Rec => newRecord(Purse, id, { coins: 10, owner: id, ...values })

/** Says what no patch says: each purse gets what the two have in all. */
const pooled = (ids: readonly string[]): ByHand<number> => ({
  async mongo({ collection }) {
    const among = { _id: { $in: [...ids] } }
    const found = await collection.find(among).toArray()
    const coins = found.reduce((sum, each) => sum + each['coins'], 0)
    return (await collection.updateMany(among, [{ $set: { coins: { $literal: coins } } }])).matchedCount
  },
  async postgres({ sql, run, table, from, match }) {
    const among = { op: 'in', path: 'id', values: ids } as const
    const sum = sql`select sum(t.coins)::integer from ${from(Purse)} where ${match(Purse, among)}`
    return (await run(sql`update ${table(Purse)} set coins = (${sum}) where ${match(Purse, among)} returning t.id`))
      .length
  },
})

const inserted = (id: string, coins = 3): ByHand<void> => ({
  mongo: async ({ collection }) => void (await collection.insertOne({ _id: id, coins, owner: id })),
  postgres: async ({ sql, run }) =>
    void (await run(sql`insert into ${sql.id('purses')} (id, coins, owner) values (${id}, ${coins}, ${id})`)),
})

const deleted = (id: string): ByHand<void> => ({
  mongo: async ({ collection }) => void (await collection.deleteOne({ _id: id })),
  postgres: async ({ sql, run, table }) => void (await run(sql`delete from ${table(Purse)} where t.id = ${id}`)),
})

/** The same on both sides. */
const each = <T>(work: (hand: MongoHand | PostgresHand) => Promise<T>): ByHand<T> => ({ mongo: work, postgres: work })

/** One after the other, in one step. */
const both = (...steps: readonly ByHand<unknown>[]): ByHand<void> => ({
  async mongo(hand) {
    for (const { mongo } of steps) await mongo(hand)
  },
  async postgres(hand) {
    for (const { postgres } of steps) await postgres(hand)
  },
})

describe.each(['mongo', 'postgres'] as const)('What is written by hand in %s', (origin) => {
  const authority = (): Authority => stores[origin].authority
  const run = <T>(sides: ByHand<T>, stamp = owed, entity: Entity = Purse, by = authority()): Promise<DoneByHand<T>> =>
    by.together(
      (steps) => steps.byHand(entity, sides, stamp),
      () => undefined,
    )
  const imageOf = async (id: string, entity: Entity = Purse): Promise<Image | undefined> =>
    (await stores[origin].outbox.images(entity, [id]))[0]
  const isOwed = async (id: string, entity: Entity = Purse): Promise<boolean> =>
    (await stores[origin].outbox.owedFor(entity, [id])).has(id)
  const isAbove = (after: Image | undefined, before: Image | undefined): boolean =>
    compareVersions(after!.version, before!.version) > 0

  async function opened(coins = 10): Promise<string> {
    const id = newId()
    await authority().create(Purse, purse(id, { coins }), { epoch: 1, owed: false })
    return id
  }

  test('changes many, each at a version above its own, and owed', async () => {
    const ids = [await opened(2), await opened(5)]
    const before = await Promise.all(ids.map((id) => imageOf(id)))
    const { result, images } = await run(pooled(ids))
    expect(result).toBe(2)
    expect(images.map(({ id, record, pending }) => [id, record!['coins'], pending]).sort()).toEqual([
      [ids[0], 7, true],
      [ids[1], 7, true],
    ])
    for (const [index, id] of ids.entries()) {
      const after = await imageOf(id)
      expect(after).toMatchObject({ record: { coins: 7 }, version: { epoch: 1 } })
      expect(after!.version).toEqual(images.find((image) => image.id === id)!.version)
      expect(isAbove(after, before[index])).toBe(true)
      expect(await isOwed(id)).toBe(true)
    }
  })

  const unread = [
    ['a value of another kind', { op: 'eq', path: 'coins', value: 'ten' }, 'BAD_USER_INPUT'],
    ['values that are missing', { op: 'in', path: 'coins' }, 'MISCONFIGURED'],
    ['a filter of a client', { coins: { eq: 1 } }, 'MISCONFIGURED'],
  ] as const
  const vain = [
    ['a test that has lost its value', where(Purse, { coins: { eq: undefined } }), 'BAD_USER_INPUT'],
    ['a condition that asks nothing', { op: 'and', of: [] }, 'BAD_USER_INPUT'],
  ] as const

  test.each([...unread, ...vain])('by no condition that is %s', async (_title, condition, code) => {
    const id = await opened()
    const match = each(async (hand) => hand.match(Purse, condition as never))
    await expect(run(both(pooled([id]), match))).rejects.toMatchObject({ code })
    expect(await imageOf(id)).toMatchObject({ record: { coins: 10 } })
  })

  test.each(unread)('nor is read by %s', (_title, condition, code) => {
    const match = () => stores[origin].side().match(Purse, condition as never)
    expect(match).toThrow(expect.objectContaining({ code }))
  })

  test('all are meant by everything', async () => {
    const { result } = await run(each(async (hand) => hand.match(Purse, everything)))
    expect(result).toBeDefined()
    for (const [, condition] of vain) expect(stores[origin].side().match(Purse, condition)).toBeDefined()
  })

  test('makes records, which start at the clock', async () => {
    const id = newId()
    const { images } = await run(inserted(id))
    expect(images).toMatchObject([{ id, record: { coins: 3, owner: id }, version: { epoch: 1 } }])
    expect(images[0]!.version.counter).toBeGreaterThan(1_700_000_000_000)
    expect(await isOwed(id)).toBe(true)
  })

  test('deletes, and leaves a tombstone above', async () => {
    const id = await opened()
    const before = await imageOf(id)
    const { images } = await run(deleted(id))
    expect(images).toMatchObject([{ id, record: null }])
    expect(isAbove(images[0], before)).toBe(true)
    expect(await imageOf(id)).toMatchObject({ record: null, version: images[0]!.version })
    expect(await isOwed(id)).toBe(true)
  })

  test('makes again what was deleted, before or by itself, above that', async () => {
    const id = await opened()
    const gone = await authority().delete(Purse, id, owed)
    await run(inserted(id, 4))
    const again = await imageOf(id)
    expect(again).toMatchObject({ record: { coins: 4 } })
    expect(isAbove(again, gone!)).toBe(true)
    await run(both(deleted(id), inserted(id, 5)))
    expect(await imageOf(id)).toMatchObject({ record: { coins: 5 } })
    expect(isAbove(await imageOf(id), again)).toBe(true)
  })

  test('makes and deletes in one, and leaves nothing', async () => {
    const id = newId()
    await run(both(inserted(id), deleted(id)))
    expect((await imageOf(id))?.record ?? null).toBeNull()
  })

  test('grows versions and owes nothing where there is no mirror', async () => {
    if (origin === 'postgres') return // the triggers go by the flag: see the six stages
    const [id, gone] = [await opened(), await opened()]
    const before = await imageOf(id)
    const free = { epoch: 1, owed: false }
    expect((await run(both(pooled([id]), deleted(gone)), free)).images).toEqual([])
    expect(isAbove(await imageOf(id), before)).toBe(true)
    expect(await isOwed(id)).toBe(false)
    expect(await imageOf(gone)).toBeUndefined()
  })

  test('is one with the steps around it, and sees them', async () => {
    const id = await opened(1)
    const together = (fails: boolean) =>
      authority().together(
        async (steps) => {
          await steps.patch(Purse, id, planPatch(Purse, { coins: 20 }), owed)
          await steps.byHand(Purse, pooled([id, id]), owed)
          const inside = await steps.images(Purse, [id])
          expect(inside[0]!.record).toMatchObject({ coins: 20 })
          await steps.byHand(Purse, deleted(id), owed)
          const last = await steps.create(Purse, purse(id, { coins: 21 }), owed)
          if (fails) throw new Error('no')
          return last
        },
        () => undefined,
      )
    await expect(together(true)).rejects.toThrow('no')
    expect(await imageOf(id)).toMatchObject({ record: { coins: 1 } })
    const { version } = await together(false)
    expect(await imageOf(id)).toMatchObject({ record: { coins: 21 }, version })
  })

  test('is seen by the guard of a write that waits for it', async () => {
    const [id, other] = [await opened(), await opened()]
    const { version } = (await imageOf(other))!
    let release = (): void => undefined
    const opens = new Promise<void>((resolve) => (release = resolve))
    let isHeld = false
    const held = run(
      both(
        pooled([id, other]),
        each(() => {
          isHeld = true
          return opens
        }),
      ),
    )
    await expect.poll(() => isHeld, { timeout: 20_000 }).toBe(true)
    const paid = planPatch(Purse, { coins: 1 })
    const waiting = [
      authority().patch(Purse, id, paid, owed, { when: { op: 'eq', path: 'coins', value: 10 } }),
      authority().delete(Purse, other, owed, { at: version }),
    ]
    await new Promise((done) => setTimeout(done, 300))
    release()
    await held
    expect(await Promise.all(waiting)).toEqual([null, null])
    expect([await imageOf(id), await imageOf(other)]).toMatchObject([
      { record: { coins: 20 } },
      { record: { coins: 20 } },
    ])
  })

  test('leaves nothing where the function throws, and its error is what it was', async () => {
    const [id, fresh] = [await opened(), newId()]
    const before = await imageOf(id)
    const own = new RangeError('of the app')
    const work = both(
      pooled([id]),
      inserted(fresh),
      each(() => Promise.reject(own)),
    )
    expect(await run(work).catch((error: unknown) => error)).toBe(own)
    expect(await imageOf(id)).toEqual(before)
    expect(await imageOf(fresh)).toBeUndefined()
  })

  test('leaves nothing where a call fails, also where the function catches that', async () => {
    const [id, other] = [await opened(), await opened()]
    const before = await imageOf(other)
    const caught = both({
      mongo: (hand) =>
        inserted(id)
          .mongo(hand)
          .catch(() => undefined),
      postgres: (hand) =>
        inserted(id)
          .postgres(hand)
          .catch(() => undefined),
    })
    await expect(run(both(pooled([other]), caught))).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await imageOf(other)).toEqual(before)
  })

  test('is refused where a record, or what was deleted, is of a later epoch', async () => {
    const [id, gone] = [newId(), newId()]
    const later = { epoch: 2, owed: true }
    if (origin === 'mongo') {
      await authority().create(Purse, purse(id), later)
      await authority().create(Purse, purse(gone), later)
      await authority().delete(Purse, gone, later)
    } else {
      await stores.postgres.connection.transaction((tx) =>
        tx.commit([
          sql`insert into purses (id, coins, _cf_epoch, _cf_counter) values (${id}, 10, 2, 5)`,
          sql`insert into crossfade.tombstones (entity, id, epoch, counter) values ('Purse', ${gone}, 2, 5)`,
        ]),
      )
    }
    for (const work of [both(pooled([id])), deleted(id), inserted(gone)])
      await expect(run(work)).rejects.toMatchObject({ code: 'TRY_AGAIN' })
    expect(await imageOf(id)).toMatchObject({ record: { coins: 10 }, version: { epoch: 2 } })
    expect((await imageOf(gone))!.record).toBeNull()
  })

  test('asks whether it may still write before it commits', async () => {
    const id = await opened()
    const lost = authority().together(
      (steps) => steps.byHand(Purse, deleted(id), owed),
      () => {
        throw new Error('Authority has moved.')
      },
    )
    await expect(lost).rejects.toThrow('Authority has moved.')
    expect(await imageOf(id)).toMatchObject({ record: { coins: 10 } })
  })

  test('is ended where it never ends, and leaves nothing', async () => {
    const id = await opened()
    const hasty = { ...stores.postgres.connection, statementTimeoutMs: 2_000 }
    const short =
      origin === 'mongo'
        ? mongoAuthority({ ...stores.mongo.connection, maxTimeMs: 2_000 })
        : postgresAuthority(hasty, hasty)
    let begun = 0
    const endless = both(
      deleted(id),
      each(() => {
        begun++
        return new Promise<never>(() => undefined)
      }),
    )
    await expect(run(endless, owed, Purse, short)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(begun).toBe(1)
    expect(await imageOf(id)).toMatchObject({ record: { coins: 10 } })
  })

  test('waits for calls that the function has begun, and takes none behind its end', async () => {
    const id = newId()
    let kept: (() => Promise<unknown>) | undefined
    const begun: ByHand<void> = {
      async mongo(hand) {
        void inserted(id).mongo(hand)
        kept = () => inserted(`${id} late`).mongo(hand)
      },
      async postgres(hand) {
        void inserted(id).postgres(hand)
        kept = () => inserted(`${id} late`).postgres(hand)
      },
    }
    await run(begun)
    expect(await imageOf(id)).toMatchObject({ record: { coins: 3 } })
    await expect(kept!()).rejects.toMatchObject({ code: 'MISCONFIGURED' })
    expect(await imageOf(`${id} late`)).toBeUndefined()
  })

  test('resolves to whatever the function answers', async () => {
    expect(await run(each(async () => undefined))).toEqual({ result: undefined, images: [] })
    expect(await run(each(async () => ({ n: 1n })))).toEqual({ result: { n: 1n }, images: [] })
  })

  test('changes lists as the mapping has them', async () => {
    const id = newId()
    await authority().create(Transfer, newRecord(Transfer, id, { coins: 1, marks: ['a', 'b'] }), owed)
    const before = await imageOf(id, Transfer)
    const reversed: ByHand<unknown> = {
      mongo: ({ collection }) =>
        collection.findOneAndUpdate({ _id: id }, [{ $set: { marks: { $reverseArray: '$marks' } } }]),
      postgres: ({ sql, run }) =>
        run(sql`update transfer_marks m set value = o.value from transfer_marks o
                where m.parent_id = ${id} and o.parent_id = m.parent_id and o.position = 1 - m.position`),
    }
    const { images } = await run(reversed, owed, Transfer)
    expect(images).toMatchObject([{ record: { coins: 1, marks: ['b', 'a'] } }])
    expect(isAbove(await imageOf(id, Transfer), before)).toBe(true)
  })
})
