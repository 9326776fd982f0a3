import { setImmediate } from 'node:timers/promises'
import { defineEntity, increment, int, only, PartlyWritten, parseFilter, text, together, where } from 'crossfade'
import { createBuilder, entityType } from 'crossfade/pothos'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Id } from '../../src/entity/entity.ts'
import { fieldSet } from '../../src/entity/field-set.ts'
import { ensureConstraints } from '../../src/jobs/ensure-constraints.ts'
import { everything, type Where } from '../../src/query/where.ts'
import { eachOf } from '../../src/routing/many.ts'
import { write } from '../../src/routing/writes.ts'
import { STAGE_PLAN } from '../../src/stage/stage.ts'
import { CrossfadeError } from '../../src/util/errors.ts'
import { compareStores } from '../support/compare-stores.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Seat = defineEntity('Seat', {
  mongo: 'seats',
  postgres: 'seats',
  id: text(),
  group: 'house',
  fields: { row: int(), free: int(), label: text().unique() },
})

const builder = createBuilder()
const type = entityType(builder, Seat)
builder.queryType({ fields: (t) => ({ none: t.field({ type, resolve: () => null }) }) })

let api: SmallGateway
beforeAll(async () => {
  api = await openAppGateway({ schema: builder.toSchema(), entities: [Seat], migrations: {} }, new Map())
  const sparse = { sparse: true, unique: true, name: 'label' }
  await api.stores.mongo.connection.db.collection('seats').createIndex({ label: 1 }, sparse)
  await ensureConstraints(api.stores, [Seat])
}, 60_000)
afterAll(() => api?.close())

const inRow = (row: number) => where(Seat, { row: { eq: row } })
const numbered = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, n) => `${from + n}`)

describe.each(['off', 'shadow', 'live'] as const)('Many at once, in %s', (stage) => {
  beforeAll(() => api.setStage(stage))
  const run = <T>(work: Parameters<typeof write<T>>[2], declared = only(Seat)): Promise<T> =>
    write(api.gateway.routing, declared, work)
  const all = async (): Promise<Id[]> => {
    const { reader } = api.stores[STAGE_PLAN[stage].authority]
    const order = [{ path: 'id', direction: 'asc' }] as const
    const found = await reader.query(Seat, { where: everything, order, limit: 100, fields: fieldSet(Seat, []) })
    return found.map(({ record }) => record.id)
  }
  beforeEach(() => run((tx) => tx.of(Seat).deleteMany(everything)))
  const mirrored = async (): Promise<void> => {
    if (stage === 'off') return
    const different = async () => (await compareStores(api.stores, Seat)).different
    await expect.poll(different, { timeout: 20_000 }).toEqual([])
  }

  describe.each([
    ['each by itself', only(Seat)],
    ['in a transaction', together(Seat)],
  ])('created %s', (_, declared) => {
    test('they are answered in the order of their inputs', async () => {
      const made = await run(
        (tx) =>
          tx.of(Seat).createMany([
            { id: 'c', row: 1 },
            { id: 'a', row: 2 },
            { id: 'b', row: 3 },
          ]),
        declared,
      )
      expect(made).toMatchObject([
        { id: 'c', row: 1 },
        { id: 'a', row: 2 },
        { id: 'b', row: 3 },
      ])
      expect(await all()).toEqual(['a', 'b', 'c'])
      await mirrored()
    })

    test('none are, where one is unsound', async () => {
      const unsound = run((tx) => tx.of(Seat).createMany([{ id: 'a' }, { id: 'b', row: 'x' as never }]), declared)
      await expect(unsound).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
      const nameless = run((tx) => tx.of(Seat).createMany([{ id: 'a' }, { row: 1 }]), declared)
      await expect(nameless).rejects.toMatchObject({ message: expect.stringContaining('A new Seat needs an id') })
      const twice = run((tx) => tx.of(Seat).createMany([{ id: 'a' }, { id: 'a' }]), declared)
      await expect(twice).rejects.toMatchObject({ message: 'Two of the new Seat records have one id.' })
      expect(await all()).toEqual([])
    })
  })

  test('what is created behind one that is taken is told exactly', async () => {
    await run((tx) => tx.of(Seat).create({}, '15'))
    const wanted = numbered(1, 40)
    const told = await run((tx) => tx.of(Seat).createMany(wanted.map((id) => ({ id })))).catch((error) => error)
    expect(told).toBeInstanceOf(PartlyWritten)
    const { code, message, done, unknown, left } = told as PartlyWritten
    expect([code, unknown]).toEqual(['CONFLICT', []])
    expect(message).toMatch(new RegExp(`^${done.length} of 40 Seat records were written before one was refused: .*id`))
    expect([...done, ...left].sort()).toEqual([...wanted].sort())
    expect(left).toContain('15')
    expect(await all()).toEqual([...done, '15'].sort())
  })

  test('in a transaction none are created where one is taken', async () => {
    await run((tx) => tx.of(Seat).create({}, '15'))
    const inputs = numbered(1, 20).map((id) => ({ id }))
    const taken = run((tx) => tx.of(Seat).createMany(inputs), together(Seat))
    await expect(taken).rejects.toMatchObject({ code: 'CONFLICT', name: 'CrossfadeError' })
    expect(await all()).toEqual(['15'])
  })

  describe('by a condition', () => {
    const ids = numbered(101, 130)
    const rowOf = (id: string): number => (Number(id) % 3 === 0 ? 3 : 1)
    beforeEach(() => run((tx) => tx.of(Seat).createMany(ids.map((id) => ({ id, row: rowOf(id), free: 1 })))))
    const inThird = ids.filter((id) => rowOf(id) === 3)

    test('those that meet it are changed, and no others', async () => {
      const changed = await run((tx) => tx.of(Seat).patchMany(inRow(3), { free: increment(4), row: 4 }))
      expect(changed.map(({ id, row, free }) => [id, row, free])).toEqual(inThird.map((id) => [id, 4, 5]))
      expect(await run((tx) => tx.of(Seat).patchMany(inRow(3), { free: 9 }))).toEqual([])
      expect(await run((tx) => tx.of(Seat).get('101'))).toMatchObject({ row: 1, free: 1 })
      await mirrored()
    })

    test('of two who change them at once one changes each', async () => {
      const isFree = where(Seat, { free: { gte: 1 } })
      const claim = () => run((tx) => tx.of(Seat).patchMany(isFree, { free: increment(-1) }))
      const claimed = (await Promise.all([claim(), claim(), claim()])).flat()
      expect(claimed.map(({ id, free }) => [id, free]).sort()).toEqual(ids.map((id) => [id, 0]))
      await mirrored()
    })

    test('of two who delete them at once one deletes each', async () => {
      const remove = () => run((tx) => tx.of(Seat).deleteMany(inRow(3)))
      const [one, two] = await Promise.all([remove(), remove()])
      expect([...one!, ...two!].sort()).toEqual(inThird)
      expect(await all()).toEqual(ids.filter((id) => rowOf(id) === 1))
      await mirrored()
    })

    test('what no longer meets it when its turn comes is not deleted', async () => {
      const [gone, changed] = await Promise.all([
        run((tx) => tx.of(Seat).deleteMany(inRow(3))),
        run((tx) => tx.of(Seat).patchMany(inRow(3), { row: 4 })),
      ])
      const moved = changed!.map((seat) => seat.id)
      expect([...gone!, ...moved].sort()).toEqual(inThird)
      expect(await all()).toEqual(ids.filter((id) => !gone!.includes(id)))
    })

    test('of more than are allowed none is written', async () => {
      const message =
        'More than 9 Seat records meet the condition. Narrow it, or say how many with atMost; nothing was written.'
      const few = { atMost: 9 }
      const patched = run((tx) => tx.of(Seat).patchMany(inRow(3), { free: 9 }, few))
      await expect(patched).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message })
      const deleted = run((tx) => tx.of(Seat).deleteMany(inRow(3), few))
      await expect(deleted).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message })
      expect(await run((tx) => tx.of(Seat).patchMany(where(Seat, { free: { gt: 1 } }), { free: 0 }))).toEqual([])
      expect(await run((tx) => tx.of(Seat).deleteMany(inRow(3), { atMost: 10 }))).toEqual(inThird)
    })

    test('which of them are changed behind one that is refused is told exactly', async () => {
      const same = run((tx) => tx.of(Seat).patchMany(inRow(3), { label: 'best' }))
      const { code, done, unknown, left } = (await same.catch((error) => error)) as PartlyWritten
      // On a busy machine one may have waited too long for the other before it could be refused
      expect(['CONFLICT', 'UNKNOWN_OUTCOME']).toContain(code)
      expect([done.length, unknown]).toEqual([1, []])
      expect([...done, ...left].sort()).toEqual(inThird)
      expect(await run((tx) => tx.of(Seat).get(done[0]!))).toMatchObject({ label: 'best' })
      await run((tx) => tx.of(Seat).patch(done[0]!, { label: null }))
    })

    test('bounds and patches that make no sense are refused, and so is a transaction', async () => {
      for (const atMost of [0, -1, 1.5, 10_001, Number.NaN, '5' as never])
        await expect(run((tx) => tx.of(Seat).deleteMany(inRow(3), { atMost }))).rejects.toMatchObject({
          message: 'atMost is a whole number from 1 to 10000.',
        })
      const empty = run((tx) => tx.of(Seat).patchMany(inRow(3), {}))
      await expect(empty).rejects.toMatchObject({ message: 'A patch of Seat changes nothing.' })
      const wider: readonly Where[] = [
        where(Seat, { row: { eq: undefined } }),
        where(Seat, { row: null }),
        where(Seat, { free: { lt: null } }),
        where(Seat, { row: { eq: 3 }, label: { eq: undefined } }),
        where(Seat, { or: [{ row: { eq: 3 } }, { free: { gt: undefined } }] }),
        where(Seat, { and: [] }),
        where(Seat, {}),
        where(Seat, { row: {} }),
        where(Seat, { label: { insensitive: true } }),
        where(Seat, { or: [{ row: { eq: 3 } }, {}] }),
        where(Seat, { or: [{ row: { eq: 3 } }, { free: {} }] }),
        where(Seat, { and: [{ row: { eq: 3 } }, { and: [] }] }),
        where(Seat, { not: {} }),
        // As clients ask
        parseFilter(Seat, { row: true }, null),
        parseFilter(Seat, { row: true }, {}),
        parseFilter(Seat, { row: true }, { row: { lt: null } }),
        parseFilter(Seat, { row: true }, { or: [{ row: { eq: 3 } }, { row: {} }] }),
        { op: 'not', of: parseFilter(Seat, { row: true }, { row: { lt: null } }) },
        { op: 'and', of: [inRow(3), where(Seat, { not: { row: undefined } })] },
      ]
      for (const condition of wider)
        for (const work of [
          () => run<unknown>((tx) => tx.of(Seat).deleteMany(condition)),
          () => run<unknown>((tx) => tx.of(Seat).patchMany(condition, { free: 9 })),
          () => run<unknown>((tx) => tx.of(Seat).deleteWhen(ids[0]!, condition)),
          () => run<unknown>((tx) => tx.of(Seat).patchWhen(ids[0]!, condition, { free: 9 })),
        ])
          await expect(work()).rejects.toMatchObject({
            code: 'BAD_USER_INPUT',
            message:
              'A condition on Seat has a test without a value, or none, and would write more than was meant. Give the value, leave the test out, or say `everything`.',
          })
      for (const no of [null, undefined, 'row', { row: { eq: 3 } }, []])
        await expect(run<unknown>((tx) => tx.of(Seat).deleteMany(no as never))).rejects.toMatchObject({
          code: 'MISCONFIGURED',
          message: 'A condition on Seat is made by where(), or is `everything`.',
        })
      for (const no of [null, undefined, { id: 1 }, 'x'])
        await expect(run<unknown>((tx) => tx.of(Seat).createMany(no as never))).rejects.toMatchObject({
          code: 'BAD_USER_INPUT',
          message: 'createMany takes a list of Seat records.',
        })
      for (const work of ['patchMany', 'deleteMany'] as const)
        await expect(
          run<unknown>((tx) => tx.of(Seat)[work](inRow(3), { free: 9 } as never), together(Seat)),
        ).rejects.toMatchObject({
          code: 'MISCONFIGURED',
          message: 'Seat: together() takes no patchMany and no deleteMany.',
        })
      expect(await all()).toEqual(ids)
    })
  })
})

describe('What several writes are told as, where some fail', () => {
  const trouble = (code: 'UNAVAILABLE' | 'TRY_AGAIN' | 'UNKNOWN_OUTCOME' | 'BAD_USER_INPUT' | 'CONFLICT') =>
    new CrossfadeError(code, `it was ${code}`)
  /** Twelve, of which eight are under way at a time; those that are named fail. */
  const twelve = (failing: Readonly<Record<string, unknown>>): Promise<unknown> =>
    eachOf(Seat, numbered(1, 12), false, async (id) => {
      if (id in failing) throw failing[id]
      await setImmediate() // behind all that have failed
      return id
    }).catch((error) => error)

  test('all that were begun are told, and none is begun behind a failure', async () => {
    const told = await twelve({ 3: trouble('CONFLICT') })
    expect(told).toMatchObject({
      code: 'CONFLICT',
      message: '7 of 12 Seat records were written before one was refused: it was CONFLICT',
      done: ['1', '2', '4', '5', '6', '7', '8'],
      unknown: [],
      left: ['3', '9', '10', '11', '12'],
    })
  })

  test.each([
    ['UNAVAILABLE', []],
    ['TRY_AGAIN', []],
    ['UNKNOWN_OUTCOME', ['3']],
  ] as const)('%s behind a write is an unknown outcome', async (code, unknown) => {
    expect(await twelve({ 3: trouble(code) })).toMatchObject({ code: 'UNKNOWN_OUTCOME', unknown })
  })

  test('one that is unknown makes the whole so, whatever failed first', async () => {
    expect(await twelve({ 2: trouble('CONFLICT'), 3: trouble('UNKNOWN_OUTCOME') })).toMatchObject({
      code: 'UNKNOWN_OUTCOME',
      message: '6 of 12 Seat records, and perhaps 1 more, were written before it failed; look before repeating it.',
      unknown: ['3'],
    })
  })

  test('one that is unknown is told where nothing is known to be written', async () => {
    const none = Object.fromEntries(numbered(1, 8).map((id) => [id, trouble('CONFLICT')]))
    expect(await twelve({ ...none, 2: trouble('UNKNOWN_OUTCOME') })).toMatchObject({
      code: 'UNKNOWN_OUTCOME',
      done: [],
      unknown: ['2'],
    })
  })

  test('a fault of ours is shown to nobody', async () => {
    const told = await twelve({ 3: new TypeError('secret') })
    expect(told).toMatchObject({ code: 'UNKNOWN_OUTCOME', unknown: ['3'] })
    expect((told as Error).message).not.toContain('secret')
  })

  test('where nothing was written, it is what the first one says', async () => {
    const first = trouble('UNAVAILABLE')
    const none = Object.fromEntries(numbered(2, 8).map((id) => [id, trouble('CONFLICT')]))
    expect(await twelve({ 1: first, ...none })).toBe(first)
  })
})
