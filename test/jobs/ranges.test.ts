import { sql } from 'kysely'
import { Binary, Decimal128, type Document, Long, ObjectId, Timestamp, UUID } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { initialFlag } from '../../src/control/flag.ts'
import { raiseFlag, readFlag } from '../../src/control/flag-store.ts'
import { compareIds } from '../../src/entity/compare-ids.ts'
import { defineEntity } from '../../src/entity/define-entity.ts'
import type { Entity, Id } from '../../src/entity/entity.ts'
import { compositeId, int, longId, objectId, text, uuid } from '../../src/entity/field.ts'
import { idOf as idOfParts, partsOf } from '../../src/entity/id-parts.ts'
import { newRecord } from '../../src/entity/new-record.ts'
import { backfill, joinCopy } from '../../src/jobs/backfill.ts'
import type { Progress } from '../../src/jobs/backfill-options.ts'
import { CopyBoard } from '../../src/jobs/copy-board.ts'
import { underCopyClaim } from '../../src/jobs/copy-claim.ts'
import { controlCopy, controlKind } from '../../src/jobs/copy-control.ts'
import { copyJson, firstCopy, rangesOf } from '../../src/jobs/copy-record.ts'
import { HeldRange, RangeLost } from '../../src/jobs/held-range.ts'
import { firstState, isFree, rangeKey, rangeKind, stateJson } from '../../src/jobs/range-state.ts'
import { everything } from '../../src/query/where.ts'
import type { Image } from '../../src/stores/store.ts'
import { anyEpoch } from '../support/any-epoch.ts'
import { compareStores } from '../support/compare-stores.ts'
import { changeUnseen, openStores, type TestStores } from '../support/stores.ts'

const fields = { n: int() }
const ByNumber = defineEntity('ByNumber', { mongo: 'by_number', postgres: 'by_number', id: int(), fields })
const ByText = defineEntity('ByText', { mongo: 'by_text', postgres: 'by_text', id: text(), fields })
const ByObject = defineEntity('ByObject', { mongo: 'by_object', postgres: 'by_object', id: objectId(), fields })
const ByUuid = defineEntity('ByUuid', { mongo: 'by_uuid', postgres: 'by_uuid', id: uuid(), fields })
const ByLong = defineEntity('ByLong', { mongo: 'by_long', postgres: 'by_long', id: longId(), fields })
const parts = compositeId({ shop: text(), number: int() })
const ByParts = defineEntity('ByParts', { mongo: 'by_parts', postgres: 'by_parts', id: parts, fields })
const Scattered = defineEntity('Scattered', { mongo: 'scattered', postgres: 'scattered', id: int(), fields })
const types = [ByNumber, ByText, ByObject, ByUuid, ByLong, ByParts]

const hex = (n: number): string => n.toString(16).padStart(24, '0')
const key = (n: number): string => `${n.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`

/** Most ids stand close to each other: every tenth is far away. */
const number = (n: number): number => (n % 10 === 0 ? 1_000_000 + n * 1_000 : n)
const idOf: Readonly<Record<string, (n: number) => Id>> = {
  ByNumber: number,
  // Upper code points, and one that begins like another
  ByText: (n) => (n % 10 === 0 ? `\u{1F3AC}${n}` : `a${'b'.repeat(n % 3)}${n}`),
  ByObject: (n) => hex(number(n)),
  ByUuid: (n) => key(number(n)),
  // Past what doubles hold, on both sides of zero
  ByLong: (n) => String((n % 3 === 0 ? -1n : 1n) * (2n ** 53n + BigInt(number(n)))),
  ByParts: (n) => idOfParts(ByParts, { shop: `shop ${n % 3}`, number: n % 2 === 0 ? number(n) : -number(n) }),
}
function stored(id: Id): unknown {
  if (typeof id === 'string' && id.length === 24) return new ObjectId(id)
  if (typeof id === 'string' && id.length === 30) return partsOf(ByParts, id)
  if (typeof id === 'string' && /^-?\d+$/.test(id)) return Long.fromString(id)
  return typeof id === 'string' && id.length === 36 ? new UUID(id) : id
}

/** Ids that fit none of the types, or not the one at hand, of kinds that sort before, among and behind its own. */
const strange: readonly unknown[] = [
  Number.NaN,
  1.5,
  2 ** 64,
  Decimal128.fromString('77.5'),
  { a: 1 },
  true,
  new Date(5),
  new Timestamp({ t: 5, i: 1 }),
]
const otherKinds: Readonly<Record<string, readonly unknown[]>> = {
  ByNumber: ['a text', new ObjectId(hex(5))],
  ByText: [5, new ObjectId(hex(5))],
  ByObject: [5, 'a text'],
  // Stand-in (SecantusDB): it compares bytes alone, not length and subtype first, and takes what is between for ids
  ByUuid: [new Binary(new Uint8Array(0), 4), new Binary(new Uint8Array(17).fill(255), Binary.SUBTYPE_UUID_OLD)],
  ByLong: ['a text', new ObjectId(hex(5))],
  ByParts: ['a text', { number: 5, shop: 'shop 1' }],
}

const count = 400

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([...types, Scattered])
  for (const { name, mongo } of types) {
    const ids = [...Array.from({ length: count }, (_, n) => stored(idOf[name]!(n))), ...strange, ...otherKinds[name]!]
    await stores.mongo.connection.db.collection(mongo).insertMany(ids.map((_id, n) => ({ _id, n }) as Document))
  }
})
afterAll(() => stores.close())

const row = (entity: Entity, id: Id): Image => ({
  id,
  version: { epoch: 1, counter: 1 },
  record: newRecord(entity, id, { n: 1 }),
  rest: null,
  issues: [],
  pending: false,
})

/** How many of the ids lie in each range. */
function sizes(entity: Entity, cuts: readonly Id[], ids: readonly Id[]): number[] {
  const order = compareIds(entity)
  return rangesOf({ cuts }).map(
    ({ after, upTo }) =>
      ids.filter((id) => (after === null || order(id, after) > 0) && (upTo === null || order(id, upTo) <= 0)).length,
  )
}

/** A copy of which it is known which ids were put and buried, each time. */
async function heard(entity: Entity, from: 'mongo' | 'postgres', more: object) {
  const target = from === 'mongo' ? 'postgres' : 'mongo'
  const put: Id[] = []
  const buried: Id[] = []
  const { replica } = stores[target]
  const bulkPut: typeof replica.bulkPut = async (type, images, under) => {
    for (const { id, record } of images) (record === null ? buried : put).push(id)
    return replica.bulkPut(type, images, under)
  }
  const through = { ...stores, [target]: { ...stores[target], replica: { ...replica, bulkPut } } }
  const result = await backfill({ stores: through, entity, batch: 7, ...more })
  return { result, put, buried }
}

describe.each(types)('Ranges of $name', (entity) => {
  const ids = Array.from({ length: count }, (_, n) => idOf[entity.name]!(n))
  const several = { workers: 3, perRange: 40 }

  test('hold about as many records each in MongoDB, wherever their ids stand close', async () => {
    const cuts = await stores.mongo.cuts(entity, 40, 256)
    expect(cuts).toEqual(cuts.toSorted(compareIds(entity)))
    const found = sizes(entity, cuts, ids)
    expect(found).toHaveLength(10)
    expect(found.reduce((sum, each) => sum + each)).toBe(count)
    // By chance: sixteen ids a range leave none of them with four times its share, nor with a tenth of it
    expect(Math.max(...found)).toBeLessThan(160)
    expect(Math.min(...found)).toBeGreaterThan(4)
    expect(await stores.mongo.cuts(entity, 40, 4)).toHaveLength(3)
    expect(await stores.mongo.cuts(entity, 250, 256)).toEqual([])
  })

  test('are copied side by side: each record is put once, and each id of another kind is told once', async () => {
    const { result, put } = await heard(entity, 'mongo', several)
    const quarantined = strange.length + 2
    expect(result).toMatchObject({ seen: count + quarantined, copied: count, quarantined, done: true, rangesDone: 10 })
    expect(put.toSorted(compareIds(entity))).toEqual(ids.toSorted(compareIds(entity)))
    expect(await compareStores(stores, entity)).toEqual({ compared: count, different: [] })
  })

  test('lose what the authority does not have once, before the first record, at each cut, and behind the last', async () => {
    const cuts = await stores.mongo.cuts(entity, 40, 256)
    const near: Readonly<Record<string, (id: Id) => Id>> = {
      ByNumber: (id) => Number(id) + 100_000_000,
      ByText: (id) => `${id}~`,
      ByObject: (id) => String(id).replace(/^0/, '1'),
      ByUuid: (id) => String(id).replace(/^0/, '1'),
      ByLong: (id) => String(BigInt(id) + 100_000_000n),
      ByParts: (id) => {
        const { shop, number } = partsOf(ByParts, String(id))
        return idOfParts(ByParts, { shop, number: number + 100_000_000 })
      },
    }
    const ends: Readonly<Record<string, readonly Id[]>> = {
      ByNumber: [-5, 2_000_000_000],
      ByText: ['A', '\u{1FFFF}'],
      ByObject: ['0'.repeat(24), 'f'.repeat(24)],
      ByUuid: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
      ByLong: ['-9223372036854775808', '9223372036854775807'],
      ByParts: ['00', 'f48fbfbf00'].map((shop) => `${shop}7fffffff80000000`), // no text, and the last one
    }
    const known = new Set(ids)
    const strays = [...ends[entity.name]!, ...cuts.map(near[entity.name]!)].filter((id) => !known.has(id))
    await stores.postgres.replica.bulkPut(
      entity,
      strays.map((id) => row(entity, id)),
      anyEpoch,
    )
    const { result, buried } = await heard(entity, 'mongo', several)
    expect(result).toMatchObject({ copied: 0, removed: strays.length, done: true })
    expect(buried.toSorted(compareIds(entity))).toEqual(strays.toSorted(compareIds(entity)))
    expect(await compareStores(stores, entity)).toEqual({ compared: count, different: [] })
  })
})

describe('Ranges of PostgreSQL', () => {
  const rows = 600
  beforeAll(async () => {
    // Rows that do not lie in the order of their ids, most of which stand close to each other; a few fill a block
    await changeUnseen(
      stores,
      sql`insert into scattered (id, n, rest, _cf_epoch, _cf_counter)
          select case when n % 10 = 0 then 1000000 + n * 1000 else n end, n,
                 jsonb_build_object('filler', repeat('x', 1500)), 2, 1
          from generate_series(1, ${rows}::int) n order by hashint4(n)`,
    )
    const flag = { ...initialFlag('Scattered'), stage: 'rampdown', epoch: 2 } as const
    for (const { ledger } of [stores.postgres, stores.mongo]) await raiseFlag(ledger, flag)
  })

  test('hold about as many records each, though rows lie in another order', async () => {
    const cuts = await stores.postgres.cuts(Scattered, 60, 256)
    expect(cuts).toEqual(cuts.toSorted(compareIds(Scattered)))
    const ids = Array.from({ length: rows }, (_, n) => number(n + 1))
    const found = sizes(Scattered, cuts, ids)
    expect(found.length).toBeGreaterThan(5)
    expect(found.reduce((sum, each) => sum + each)).toBe(rows)
    expect(Math.max(...found)).toBeLessThan(rows / 2)
    expect(await stores.postgres.cuts(Scattered, rows, 256)).toEqual([])
  })

  test('go the way back side by side, and documents that PostgreSQL does not have go once', async () => {
    const strays = [-7, 5_000_001, 2_000_000_000]
    await stores.mongo.replica.bulkPut(
      Scattered,
      strays.map((id) => row(Scattered, id)),
      anyEpoch,
    )
    const { result, put, buried } = await heard(Scattered, 'postgres', { workers: 3, perRange: 60, batch: 20 })
    expect(result).toMatchObject({ seen: rows, copied: rows, removed: strays.length, done: true })
    expect(result.ranges).toBeGreaterThan(5)
    expect(new Set(put).size).toBe(put.length)
    expect(buried.toSorted(compareIds(Scattered))).toEqual(strays)
    expect(await stores.mongo.reader.count(Scattered, everything)).toBe(rows)
    expect((await readFlag(stores.postgres.ledger, 'Scattered'))!.flag.fresh).toBe(2)
  })
})

describe('A copy that is under way', () => {
  const ids = Array.from({ length: count }, (_, n) => number(n))
  const options = { batch: 5, perRange: 40 }

  /** A copy by one worker, and what `meanwhile` does once it has begun; all ids that either of them puts. */
  async function beside(meanwhile: (through: TestStores) => Promise<unknown>, rate: number) {
    const put: Id[] = []
    const { replica } = stores.postgres
    const bulkPut: typeof replica.bulkPut = async (type, images, under) => {
      put.push(...images.map(({ id }) => id))
      return replica.bulkPut(type, images, under)
    }
    const through = { ...stores, postgres: { ...stores.postgres, replica: { ...replica, bulkPut } } }
    const began = Promise.withResolvers<void>()
    const onProgress = (): void => began.resolve()
    const copying = backfill({ stores: through, entity: ByNumber, ...options, rate, onProgress })
    await Promise.race([began.promise, copying])
    const came = await meanwhile(through)
    return { result: await copying, came, put }
  }

  test('is cut when another process takes part, and each record is put once', async () => {
    const join = (through: TestStores) => joinCopy({ stores: through, entity: ByNumber, ...options, rate: 100 })
    const { result, came, put } = await beside(join, 100)
    expect(result).toMatchObject({ seen: count + strange.length + 2, done: true })
    expect(result.ranges).toBeGreaterThan(1)
    expect(result.rangesDone).toBe(result.ranges)
    // It is cut for another alone; how much of it the other gets, the machine decides
    expect(came).toMatchObject({ progress: { seen: result.seen, ranges: result.ranges } })
    expect(put.toSorted(compareIds(ByNumber))).toEqual(ids.toSorted(compareIds(ByNumber)))
    expect(await stores.postgres.ledger.list(rangeKind('ByNumber'))).toEqual([])
  })

  test('is left alone by a program that has another mapping, and by a repair', async () => {
    const Other = defineEntity('ByNumber', {
      mongo: 'by_number',
      postgres: 'by_number',
      id: int(),
      fields: { n: int(), more: int() },
    })
    const meanwhile = async () => {
      await expect(joinCopy({ stores, entity: Other })).rejects.toMatchObject({
        code: 'MISCONFIGURED',
        message: 'A backfill of ByNumber runs under another mapping than this program has: give both the same.',
      })
      await expect(underCopyClaim({ stores, entity: ByNumber }, 'repair', async () => 0)).rejects.toMatchObject({
        code: 'TRY_AGAIN',
      })
    }
    expect((await beside(meanwhile, 400)).result).toMatchObject({ ranges: 1, done: true })
  })

  test('waits while an operator has paused it, tells why, and forgets that with its end', async () => {
    const { ledger } = stores.postgres
    await controlCopy(ledger, 'ByNumber', { isPaused: true, limit: 4_000 })
    const lines: string[] = []
    const told: boolean[] = []
    const onProgress = ({ paused, seen }: Progress) => told.push(paused && seen === 0)
    const copying = backfill({ stores, entity: ByNumber, log: (line) => lines.push(line), onProgress })
    await expect.poll(() => lines).toHaveLength(1)
    expect(told).not.toContain(false)
    await controlCopy(ledger, 'ByNumber', { isPaused: false })
    expect(await copying).toMatchObject({ seen: count + strange.length + 2, done: true, limit: 4_000 })
    expect(lines).toEqual([
      'ByNumber: it is paused: `crossfade backfill ByNumber --resume` lets it go on',
      'ByNumber: 4000 documents a second at most, of all who copy',
    ])
    expect(await ledger.get(controlKind, 'ByNumber')).toBeNull()
  })

  test('is none before it begins, nor when it is done', async () => {
    expect(await joinCopy({ stores, entity: ByNumber })).toBeNull()
    expect(await joinCopy({ stores, entity: ByText })).toBeNull()
  })

  test('makes a mirror fresh with its last range, and not before', async () => {
    const flag = { ...initialFlag('ByNumber'), stage: 'dualwrite', epoch: 2 } as const
    for (const { ledger } of [stores.mongo, stores.postgres]) await raiseFlag(ledger, flag)
    const isFresh = async () => (await readFlag(stores.mongo.ledger, 'ByNumber'))!.flag.fresh !== null
    const seen: boolean[] = []
    const { outbox } = stores.postgres
    const reader: typeof stores.postgres.reader = {
      ...stores.postgres.reader,
      async ids(...given) {
        seen.push(await isFresh())
        return stores.postgres.reader.ids(...given)
      },
    }
    const through = { ...stores, postgres: { ...stores.postgres, reader, outbox } }
    await backfill({ stores: through, entity: ByNumber, workers: 3, ...options })
    expect(seen.length).toBeGreaterThan(10)
    expect(seen).not.toContain(true)
    expect(await isFresh()).toBe(true)
  })
})

test('of two who hold one range only the one that took it last gets further', async () => {
  const { ledger } = stores.postgres
  const state = { ...firstState('a copy', { after: null, upTo: null }), owner: 'first' }
  const kind = rangeKind('Nobody')
  await ledger.compareAndSet(kind, rangeKey(0), null, stateJson(state))
  const first = new HeldRange(ledger, kind, 0, 1, state)
  await first.save({ seen: 10, after: 10 })
  const taken = { ...first.state, owner: 'second', attempts: 1 }
  expect(await ledger.compareAndSet(kind, rangeKey(0), 2, stateJson(taken))).toBe(true)
  const second = new HeldRange(ledger, kind, 0, 3, taken)
  await expect(first.save({ seen: 20, after: 20 })).rejects.toBeInstanceOf(RangeLost)
  await second.save({ seen: 15, after: 15 })
  await expect(first.leave(true)).rejects.toBeInstanceOf(RangeLost)
  await second.leave(true)
  expect((await ledger.get(kind, rangeKey(0)))!.value).toMatchObject({ owner: null, seen: 15, after: 15, attempts: 2 })
})

test('a write of which nobody knows whether it was made is looked at before the next', async () => {
  const { ledger } = stores.postgres
  let isLost = true
  const compareAndSet: typeof ledger.compareAndSet = async (...given) => {
    const isWritten = await ledger.compareAndSet(...given)
    if (isLost) throw new Error('no answer')
    return isWritten
  }
  const state = { ...firstState('a copy', { after: null, upTo: null }), owner: 'me' }
  const kind = rangeKind('Silent')
  await ledger.compareAndSet(kind, rangeKey(0), null, stateJson(state))
  const held = new HeldRange({ ...ledger, compareAndSet }, kind, 0, 1, state)
  await expect(held.save({ seen: 10, after: 10 })).rejects.toThrow('no answer')
  expect(held.state.seen).toBe(0)
  isLost = false
  await held.settle()
  expect(held.state).toMatchObject({ seen: 10, after: 10 })
  await held.save({ seen: 20, after: 20 })
  await held.leave(false)
  expect((await ledger.get(kind, rangeKey(0)))!.value).toMatchObject({ owner: null, seen: 20, attempts: 0 })
})

describe('A range is free', () => {
  const state = firstState('a copy', { after: null, upTo: null })
  test.each([
    ['at first', state, 0, true, true],
    ['not while its owner was heard lately', { ...state, owner: 'x' }, 15_000, true, false],
    ['when its owner was silent for 15 s', { ...state, owner: 'x' }, 15_001, true, true],
    ['not behind a fault, for some time', { ...state, attempts: 3 }, 7_999, true, false],
    ['when it has rested behind one', { ...state, attempts: 3 }, 8_000, true, true],
    ['at once for who asks in person', { ...state, attempts: 3 }, 0, false, true],
    ['never when it is done', { ...state, done: true, owner: 'x' }, 1e9, false, false],
  ])('%s', (_, given, ageMs, isRested, expected) => {
    expect(isFree(given, ageMs, isRested)).toBe(expected)
  })
})

test('what a late answer tells of ranges does not take back what is known by then', async () => {
  const { ledger } = stores.postgres
  const copy = { ...firstCopy(ByText, 'mongo', null), cuts: [] }
  const { revision = null } = (await ledger.get('backfill', 'ByText')) ?? {}
  await ledger.compareAndSet('backfill', 'ByText', revision, copyJson(copy))
  const late = Promise.withResolvers<void>()
  let isLate = false
  const list: typeof ledger.list = async (...kinds) => {
    const waits = isLate
    const entries = await ledger.list(...kinds)
    if (waits) await late.promise
    return entries
  }
  const board = new CopyBoard({ ...ledger, list }, ByText, copy, 'me')
  const held = (await board.take(false))!
  isLate = true
  const looking = board.look()
  isLate = false
  await ledger.get('backfill', 'ByText') // it has its answer by then
  await held.save({ seen: 7, quarantined: 7, odd: ['clean n'], done: true, owner: null })
  await board.leave(held)
  late.resolve()
  await looking
  expect(board).toMatchObject({ isCopied: true, odd: ['clean n'], progress: { seen: 7, quarantined: 7 } })
})

test('a range that is being taken when its taker is told to leave is given back', async () => {
  const { ledger } = stores.postgres
  const copy = { ...firstCopy(ByText, 'mongo', null), cuts: [] }
  const { revision = null } = (await ledger.get('backfill', 'ByText')) ?? {}
  await ledger.compareAndSet('backfill', 'ByText', revision, copyJson(copy))
  const began = Promise.withResolvers<void>()
  const compareAndSet: typeof ledger.compareAndSet = async (...given) => {
    began.resolve()
    return ledger.compareAndSet(...given)
  }
  const board = new CopyBoard({ ...ledger, compareAndSet }, ByText, copy, 'me')
  const taking = board.take(false)
  await began.promise
  await board.leaveAll()
  await taking
  expect((await ledger.get(rangeKind('ByText'), rangeKey(0)))!.value).toMatchObject({ copy: copy.id, owner: null })
  expect(await board.take(false)).toBeNull()
})
