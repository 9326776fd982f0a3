import { randomBytes } from 'node:crypto'
import { defineEntity, int, text } from 'crossfade'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Id } from '../../src/entity/entity.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { DeadLetters, deadLetterKind } from '../../src/mirror/dead-letters.ts'
import { drop, droppedKind, droppedLog, droppedOf, settleDropped } from '../../src/mirror/dropped.ts'
import { retryLetters } from '../../src/mirror/retry.ts'
import { sweep } from '../../src/mirror/sweep.ts'
import { unmirrored } from '../../src/mirror/unmirrored.ts'
import { planPatch } from '../../src/query/patch.ts'
import { formatVersion } from '../../src/stores/version.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { emptyStores, openStores, type TestStores } from '../support/stores.ts'

const Review = defineEntity('Review', {
  mongo: 'reviews',
  postgres: 'reviews',
  id: int(),
  fields: { title: text().index(), stars: int() },
})

const owed = { epoch: 1, owed: true } as const

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Review])
  const $jsonSchema = { properties: { stars: { bsonType: ['int', 'null'], maximum: 5 } } }
  await stores.mongo.connection.db.command({ collMod: 'reviews', validator: { $jsonSchema } })
})
beforeEach(() => emptyStores(stores))
afterAll(() => stores.close())

describe.each([
  { from: 'mongo', bad: { title: randomBytes(6_000).toString('hex') } },
  { from: 'postgres', bad: { stars: 9 } },
] as const)('A dead letter, authority $from', ({ from, bad }) => {
  const store = () => stores[from]
  const round = (impatient: boolean, owner = 'test'): Promise<number> =>
    sweep({ stores, owner, under: anyEpoch, olderThanMs: 0, impatient, log: () => undefined }, Review, from)

  const good = { title: 'good', stars: 1 }
  /** A record that the mirror refuses, and its letter. */
  async function refused(id: number): Promise<void> {
    await store().authority.create(Review, newRecord(Review, id, { ...good, ...bad }), owed)
    await round(false)
    expect(await keys()).toContain(`Review/${id}`)
  }
  const keys = async (): Promise<string[]> => (await store().ledger.list(deadLetterKind)).map(({ key }) => key)
  const triesOf = async (id: Id): Promise<number> =>
    ((await store().ledger.get(deadLetterKind, `Review/${id}`))?.value as { tries: number } | undefined)?.tries ?? 0
  const write = (id: number, values: Readonly<Record<string, unknown>>) =>
    store().authority.patch(Review, id, planPatch(Review, values), owed)

  test('is tried again at once where somebody asks, and is told as refused again', async () => {
    await refused(1)
    await refused(2)
    // A sweep tries those whose time has come as well
    const [first, second] = [await triesOf(1), await triesOf(2)]
    expect(await retryLetters(store().ledger, Review, () => round(false))).toEqual({ mirrored: [], refused: [1, 2] })
    const [firstAgain, secondAgain] = [await triesOf(1), await triesOf(2)]
    expect([firstAgain > first, secondAgain > second]).toEqual([true, true])
    expect(await retryLetters(store().ledger, Review, () => round(false), [2])).toEqual({ mirrored: [], refused: [2] })
    expect(await triesOf(2)).toBeGreaterThan(secondAgain)
  })

  test('is gone where its record can be mirrored by now', async () => {
    await refused(1)
    await write(1, good)
    expect(await retryLetters(store().ledger, Review, () => round(false), [1])).toEqual({ mirrored: [1], refused: [] })
    expect(await keys()).toEqual([])
  })

  test('that another version wrote is tried, too', async () => {
    await refused(1)
    await store().ledger.remove(deadLetterKind, 'Review/1')
    await store().ledger.compareAndSet(deadLetterKind, 'Review/1', null, { since: 'long' })
    expect(await retryLetters(store().ledger, Review, () => round(true))).toEqual({ mirrored: [], refused: [1] })
    expect(await triesOf(1)).toBe(1)
  })

  test('is tried by the sweep of a gateway that holds the type', async () => {
    await refused(1)
    await store().ledger.claim('sweep/Review', 'a gateway', 60_000)
    let rounds = 0
    const tried = retryLetters(store().ledger, Review, async () => {
      await round(true)
      if (++rounds === 2) await round(false, 'a gateway')
    })
    expect(await tried).toEqual({ mirrored: [], refused: [1] })
    expect(await triesOf(1)).toBe(2)
  })

  test('that others are tried before is waited for, as long as each round gets on', async () => {
    for (const id of [1, 2, 3]) await refused(id)
    const now = performance.now.bind(performance)
    let aheadMs = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + aheadMs)
    onTestFinished(() => clock.mockRestore())
    let rounds = 0
    const slow = async (): Promise<void> => {
      aheadMs += 31_000
      const [image] = await store().outbox.images(Review, [++rounds])
      await (await DeadLetters.of(store().ledger, Review)).write(image!, 'refused again')
    }
    expect(await retryLetters(store().ledger, Review, slow)).toEqual({ mirrored: [], refused: [1, 2, 3] })
  })

  test('that is dropped takes the debt of its version with it, is kept in a log, and stands against a move', async () => {
    await refused(1)
    const { version } = (await store().outbox.images(Review, [1]))[0]!
    const letter = await drop(store(), Review, '1', 'a test record')
    expect(letter.version).toBe(formatVersion(version))
    expect(await keys()).toEqual([])
    expect(await round(true)).toBe(0)
    expect(await keys()).toEqual([])
    const note = { version: formatVersion(version), reason: letter.reason, why: 'a test record' }
    expect(await droppedOf(store().ledger, Review)).toEqual([{ id: '1', ...note }])
    expect((await store().ledger.tail(droppedLog, 5)).map(({ key, value }) => [key, value])).toEqual([
      ['Review/1', note],
    ])
    expect(await unmirrored(stores, Review, from)).toEqual([
      'a record is not as the other store has it, since its dead letter was dropped: see `crossfade mirror dead-letters list Review`',
    ])
  })

  test('that was dropped stands against no move once the record is equal again, or gone', async () => {
    await refused(1)
    await refused(2)
    for (const id of ['1', '2']) await drop(store(), Review, id, 'why not')
    expect((await settleDropped(stores, Review, from)).map(({ id }) => id)).toEqual(['1', '2'])
    await write(1, good)
    expect((await settleDropped(stores, Review, from)).map(({ id }) => id)).toEqual(['1', '2']) // not mirrored yet
    await round(false)
    expect((await settleDropped(stores, Review, from)).map(({ id }) => id)).toEqual(['2'])
    await store().authority.delete(Review, 2, owed)
    expect(await unmirrored(stores, Review, from)).toEqual([])
    expect(await store().ledger.list(droppedKind)).toEqual([])
  })

  test('is not dropped where its record has changed since: that version was never tried', async () => {
    await refused(1)
    await write(1, { stars: 2 })
    await expect(drop(store(), Review, '1', 'why not')).rejects.toMatchObject({ code: 'TRY_AGAIN' })
    expect((await store().outbox.backlog(Review)).count).toBe(1)
    expect(await droppedOf(store().ledger, Review)).toEqual([])
  })

  test('is not dropped where its record changes while it is: the later version stays owed', async () => {
    await refused(1)
    const { outbox } = store()
    const { clear } = outbox
    Object.assign(outbox, {
      async clear(...args: Parameters<typeof clear>) {
        await write(1, { stars: 2 })
        await clear(...args)
      },
    })
    const dropped = drop(store(), Review, '1', 'why not').finally(() => Object.assign(outbox, { clear }))
    await expect(dropped).rejects.toMatchObject({ code: 'TRY_AGAIN' })
    expect((await outbox.backlog(Review)).count).toBe(1)
    expect(await droppedOf(store().ledger, Review)).toEqual([])
  })

  test.each([
    ['there is none', '7', 'Review 7 has no dead letter that'],
    ['the id is of another kind', 'seven', 'Review.id'],
  ])('is not dropped where %s', async (_, id, message) => {
    await expect(drop(store(), Review, id, 'why not')).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining(message),
    })
  })

  test('of another form is not dropped, and its note of another form is told', async () => {
    await refused(1)
    await store().ledger.remove(deadLetterKind, 'Review/1')
    await store().ledger.compareAndSet(deadLetterKind, 'Review/1', null, 'long ago')
    await expect(drop(store(), Review, '1', 'why not')).rejects.toThrow('of another version of Crossfade')
    await store().ledger.compareAndSet(droppedKind, 'Review/9', null, 7)
    expect(await droppedOf(store().ledger, Review)).toMatchObject([{ id: '9', version: 'unknown' }])
  })

  test('is hastened for one record and not for others', async () => {
    await refused(1)
    for (let times = 0; times < 9; times++) await round(true) // so that its own time is minutes away
    await refused(2)
    const tries = await triesOf(2)
    await (await DeadLetters.of(store().ledger, Review)).hasten([2])
    await round(false)
    expect(await triesOf(1)).toBe(10)
    expect(await triesOf(2)).toBeGreaterThan(tries)
  })
})
