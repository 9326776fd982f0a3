import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Flag, flagJson, initialFlag } from '../../src/control/flag.ts'
import { allFlags, type Ledgers, ledgersOf, raiseFlag, readCopies } from '../../src/control/flag-store.ts'
import { FlagWatch } from '../../src/control/flag-watch.ts'
import { disagreements, flagsByType } from '../../src/control/groups.ts'
import { finishMove, setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { dropGroup, formGroup } from '../../src/control/regroup.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { openPurses, Purse, Transfer } from '../support/purses.ts'
import { emptyStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
let ledgers: Ledgers
beforeAll(async () => {
  stores = await openPurses()
  ledgers = ledgersOf(stores)
})
afterAll(() => stores.close())
beforeEach(() => emptyStores(stores))

const options = () => ({ ledgers, log: () => undefined, sweep: async () => 0 })
const flagOf = async (key: string): Promise<Flag> => (await readCopies(ledgers, key)).flag!
const alone = [
  { name: 'Purse', group: null },
  { name: 'Transfer', group: null },
]
const grouped = alone.map(({ name }) => ({ name, group: 'money' }))
const types = ['Purse', 'Transfer']
const stageOf = (type: string, stage: 'dualwrite' | 'shadow' | 'live') => setStage(options(), { type, stage })

/** What a gateway with these mappings knows, having looked once. */
async function watch(
  entities: readonly { readonly name: string; readonly group: string | null }[],
): Promise<FlagWatch> {
  const sign = () => ({ acknowledged: {}, owed: {}, mappings: {}, alerts: [] })
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-groups-'))
  const flags = new FlagWatch({
    id: `g ${Math.random()}`,
    sign,
    entities,
    ledgers,
    dataDir,
    log: () => undefined,
  })
  await flags.start()
  await flags.withdraw()
  return flags
}

describe('Types that join a group', () => {
  test('go by one flag, in the stage that they are in, above all epochs that they had', async () => {
    await prepareFlags(ledgers, types)
    await stageOf('Purse', 'dualwrite')
    await stageOf('Transfer', 'dualwrite')
    await setStage(options(), { type: 'Transfer', stage: 'off' })
    await stageOf('Transfer', 'dualwrite')
    const [purse, transfer] = [await flagOf('Purse'), await flagOf('Transfer')]
    expect([purse.epoch, transfer.epoch]).toEqual([2, 4])
    const flag = await formGroup(options(), 'money', ['Transfer', 'Purse'])
    expect(flag).toMatchObject({ type: 'money', members: types, stage: 'dualwrite', state: 'steady', epoch: 5 })
    expect(flag).toMatchObject({ fresh: null, copied: [] })
    const { copies } = await readCopies(ledgers, 'money')
    expect([copies.mongo!.flag, copies.postgres!.flag]).toEqual([flag, flag])
    expect(await flagOf('Purse')).toMatchObject({ state: 'retired', epoch: 3 })
    expect([...flagsByType(await allFlags(ledgers))].map(([type, { type: key }]) => [type, key]).sort()).toEqual([
      ['Purse', 'money'],
      ['Transfer', 'money'],
    ])
    // Once more changes nothing
    expect(await formGroup(options(), 'money', types)).toEqual(flag)
  })

  test('have a mirror that is fresh once each of them was copied', async () => {
    await prepareFlags(ledgers, ['money'], new Map([['money', types]]))
    await stageOf('money', 'dualwrite')
    await backfill({ stores, entity: Purse })
    expect(await flagOf('money')).toMatchObject({ fresh: null, copied: ['Purse'] })
    await expect(stageOf('money', 'live')).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('run `crossfade backfill Transfer`'),
    })
    await backfill({ stores, entity: Purse })
    await backfill({ stores, entity: Transfer })
    const { epoch, fresh, copied } = await flagOf('money')
    expect([fresh, copied]).toEqual([epoch, []])
    const live = await stageOf('money', 'live')
    expect(live).toMatchObject({ stage: 'live', epoch: epoch + 1, fresh: epoch + 1 })
    // A mirror that begins anew is fresh for none of them
    await setStage(options(), { type: 'money', stage: 'complete' })
    const again = await setStage(options(), { type: 'money', stage: 'rampdown' })
    expect(again).toMatchObject({ fresh: null, copied: [] })
  })

  test('keep what copies have made equal, of each by itself', async () => {
    await prepareFlags(ledgers, types)
    for (const type of types) await stageOf(type, 'dualwrite')
    const single = { stores, entity: { ...Transfer, group: null } }
    await backfill(single)
    expect(await formGroup(options(), 'money', types)).toMatchObject({ fresh: null, copied: ['Transfer'] })
    await backfill({ stores, entity: Purse })
    const flag = await flagOf('money')
    expect(flag.fresh).toBe(flag.epoch)
    const left = await dropGroup(options(), 'money')
    for (const each of left) expect(each.fresh).not.toBeNull()
  })

  test('are refused, with what to do, where they are not equal and steady', async () => {
    await prepareFlags(ledgers, types)
    await stageOf('Purse', 'dualwrite')
    const forming = () => formGroup(options(), 'money', types)
    await expect(forming()).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message:
        'Group money cannot be made yet: Purse is dualwrite, Transfer is off: bring them to one stage by `crossfade stage set`.',
    })
    expect(await flagOf('Purse')).toMatchObject({ state: 'steady' })
    await stageOf('Transfer', 'dualwrite')
    const { copies, flag } = await readCopies(ledgers, 'Purse')
    const draining = { ...flag!, state: 'draining', target: 'live', revision: flag!.revision + 1 } as const
    await ledgers.mongo.compareAndSet('flag', 'Purse', copies.mongo!.entryRevision, flagJson(draining))
    await expect(forming()).rejects.toMatchObject({ message: expect.stringContaining('Purse is draining') })
    await finishMove(options(), 'Purse')
    await forming()
    await expect(formGroup(options(), 'other', types)).rejects.toMatchObject({
      message: expect.stringContaining('Purse is in group money: run `crossfade group drop money`'),
    })
    await expect(formGroup(options(), 'money', ['Purse'])).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
    await expect(formGroup(options(), 'Purse', ['Transfer'])).rejects.toMatchObject({ code: 'BAD_USER_INPUT' })
  })

  test('go by their own flags again where whoever was at it has died, whichever step it came to', async () => {
    await prepareFlags(ledgers, types)
    for (let step = 1; ; step++) {
      const before = (await flagOf('Purse')).epoch
      let writes = 0
      const dying = { ...ledgers.mongo }
      dying.compareAndSet = (...args) => {
        if (args[0] === 'flag' && ++writes > step) return Promise.reject(new Error('died'))
        return ledgers.mongo.compareAndSet(...args)
      }
      const ended = await formGroup({ ...options(), ledgers: { ...ledgers, mongo: dying } }, 'money', types).then(
        () => true,
        () => false,
      )
      if (ended) break
      expect(step).toBeLessThan(9)
      // As any gateway does behind a while, by the keys that it knows
      for (const key of ['money', ...types]) {
        const { flag } = await readCopies(ledgers, key)
        if (flag) await finishMove(options(), key)
      }
      const money = (await readCopies(ledgers, 'money')).flag
      if (money?.state === 'steady') await dropGroup(options(), 'money')
      for (const type of types) expect(await flagOf(type)).toMatchObject({ state: 'steady', stage: 'off' })
      expect((await flagOf('Purse')).epoch).toBeGreaterThanOrEqual(before)
    }
    expect(await flagOf('money')).toMatchObject({ state: 'steady', members: types })
  })

  test('are taken back whole where somebody else changes one of them meanwhile', async () => {
    await prepareFlags(ledgers, types)
    let isFirst = true
    const racing = { ...ledgers.mongo }
    racing.compareAndSet = async (kind, key, revision, value) => {
      if (kind === 'flag' && key === 'Transfer' && isFirst) {
        isFirst = false
        const { copies, flag } = await readCopies(ledgers, 'Transfer')
        const changed = flagJson({ ...flag!, samplePercent: 7, revision: flag!.revision + 1 })
        await ledgers.mongo.compareAndSet('flag', 'Transfer', copies.mongo!.entryRevision, changed)
      }
      return ledgers.mongo.compareAndSet(kind, key, revision, value)
    }
    const forming = formGroup({ ...options(), ledgers: { ...ledgers, mongo: racing } }, 'money', types)
    await expect(forming).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await flagOf('Purse')).toMatchObject({ state: 'steady' })
    expect(await flagOf('Transfer')).toMatchObject({ state: 'steady', samplePercent: 7 })
    expect(await flagOf('money')).toMatchObject({ state: 'retired' })
  })
})

test('types that leave a group go on in its stage, above all epochs that it had, and may join again', async () => {
  await prepareFlags(ledgers, ['money'], new Map([['money', types]]))
  await stageOf('money', 'dualwrite')
  for (const entity of [Purse, Transfer]) await backfill({ stores, entity })
  await stageOf('money', 'live')
  const before = await flagOf('money')
  const left = await dropGroup(options(), 'money')
  expect(left.map(({ type }) => type)).toEqual(types)
  for (const flag of left) {
    expect(flag).toMatchObject({ stage: 'live', state: 'steady', members: [flag.type] })
    expect(flag.epoch).toBeGreaterThan(before.epoch)
    const { copies } = await readCopies(ledgers, flag.type)
    expect([copies.mongo!.flag, copies.postgres!.flag]).toEqual([flag, flag])
  }
  const again = await formGroup(options(), 'money', types)
  expect(again).toMatchObject({ stage: 'live', state: 'steady' })
  expect(again.epoch).toBeGreaterThan(Math.max(...left.map(({ epoch }) => epoch)))
  expect(again.revision).toBeGreaterThan(before.revision)
})

test('a group that was being dropped holds, or is dropped, in the stage that it has moved to', async () => {
  await prepareFlags(ledgers, types)
  for (const type of types) await stageOf(type, 'dualwrite')
  const outcomes = new Set<string>()
  for (let step = 0; ; step++) {
    await formGroup(options(), 'money', types)
    const stage = (await flagOf('money')).stage === 'shadow' ? 'dualwrite' : 'shadow'
    await stageOf('money', stage) // another than the one that its types have joined in
    let writes = 0
    const dying = { ...ledgers.mongo }
    dying.compareAndSet = (...args) => {
      if (args[0] === 'flag' && ++writes > step) return Promise.reject(new Error('died'))
      return ledgers.mongo.compareAndSet(...args)
    }
    const ended = await dropGroup({ ...options(), ledgers: { ...ledgers, mongo: dying } }, 'money').then(
      () => true,
      () => false,
    )
    for (const key of ['money', ...types]) await finishMove(options(), key)
    const byType = flagsByType(await allFlags(ledgers))
    for (const type of types) expect(byType.get(type)).toMatchObject({ stage, state: 'steady' })
    outcomes.add(byType.get('Purse')!.type)
    if (ended) break
    expect(step).toBeLessThan(9)
  }
  expect([...outcomes].sort()).toEqual(['Purse', 'money'])
})

describe('A gateway whose mapping says otherwise than the stores', () => {
  const cases = [
    ['of a group that the stores do not know', types, grouped, 'crossfade group set money Purse Transfer'],
    ['of no group where the stores have one', ['money'], alone, 'crossfade group drop money'],
    ['of a group without one of its types', ['money'], grouped.slice(0, 1), 'crossfade group drop money'],
  ] as const
  test.each(cases)('%s is not ready, writes nothing of the types, and reads them', async (_, keys, mapping, remedy) => {
    await prepareFlags(ledgers, [...keys], new Map([['money', types]]))
    const flags = await watch(mapping)
    expect(flags.missing()).toEqual([])
    expect(flags.disagreements).toHaveLength(mapping.length)
    for (const line of flags.disagreements) expect(line).toContain(remedy)
    expect(flags.disagreements[0]).toMatch(/^Purse moves /)
    expect(() => flags.forWrite('Purse')).toThrow(/whose mapping is another/)
    expect(flags.get('Purse')).toMatchObject({ stage: 'off' })
  })

  test('that agrees has nothing to say, nor has one of types that no flag is known for', async () => {
    await prepareFlags(ledgers, ['money'], new Map([['money', types]]))
    const flags = await watch(grouped)
    expect(flags.disagreements).toEqual([])
    expect([...disagreements(await allFlags(ledgers), [{ name: 'Other', group: 'others' }])]).toEqual([])
  })

  test('reads by the flag that the stores go by, wherever it has moved since', async () => {
    await prepareFlags(ledgers, types)
    for (const type of types) await stageOf(type, 'dualwrite')
    await formGroup(options(), 'money', types)
    for (const entity of [Purse, Transfer]) await backfill({ stores, entity })
    await stageOf('money', 'live')
    const flags = await watch(alone)
    expect(flags.get('Purse')).toMatchObject({ type: 'money', stage: 'live' })
  })
})

test('flags of a group are made where none of its types has one; a type that is new gets its own', async () => {
  const members = new Map([['money', types]])
  expect(await prepareFlags(ledgers, ['money'], members)).toEqual(['money'])
  expect(await prepareFlags(ledgers, ['money'], members)).toEqual([])
  await emptyStores(stores)
  await raiseFlag(ledgers.mongo, initialFlag('Purse'))
  expect(await prepareFlags(ledgers, ['money'], members)).toEqual(['Transfer'])
  await emptyStores(stores)
  await prepareFlags(ledgers, ['money'], members)
  expect(await prepareFlags(ledgers, ['money'], new Map([['money', [...types, 'Loan']]]))).toEqual(['Loan'])
})
