import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Flag } from '../../src/control/flag.ts'
import { type Ledgers, ledgersOf, readCopies, readFlag, writeFlag } from '../../src/control/flag-store.ts'
import { type MoveOptions, setStage } from '../../src/control/move.ts'
import { moverKind } from '../../src/control/mover.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { formGroup } from '../../src/control/regroup.ts'
import { times } from '../../src/control/times.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import type { Stage } from '../../src/stage/stage.ts'
import type { Ledger } from '../../src/stores/ledger.ts'
import { origins } from '../../src/util/origin.ts'
import { Account, account, newId, openAccounts, owed, sweepOnce } from '../support/account.ts'
import type { TestStores } from '../support/stores.ts'

let stores: TestStores
let ledgers: Ledgers
let logged: string[]
/** MongoDB answers no command, as during an election. */
let isDown = false
const noPrimary = new Error('there is no primary')
beforeEach(async () => {
  logged = []
  stores = await openAccounts()
  const { mongo, postgres } = ledgersOf(stores)
  const electing = new Proxy(mongo, {
    get: (ledger, name: keyof Ledger) =>
      isDown ? () => Promise.reject(noPrimary) : (ledger[name] as () => unknown).bind(ledger),
  })
  ledgers = { mongo: electing, postgres }
  await prepareFlags(ledgers, ['Account'])
  for (const stage of ['dualwrite', 'shadow'] as const) {
    await to(stage)
    await stores.mongo.authority.create(Account, account(newId()), { ...owed, epoch: 2 })
    await backfill({ stores, entity: Account })
  }
  logged = []
})
afterEach(() => stores?.close())

const options = (given: Partial<MoveOptions> = {}): MoveOptions => ({
  ledgers,
  sweep: (_, origin) => sweepOnce(stores, origin),
  isTrouble: (error) => error === noPrimary,
  log: (line) => void logged.push(line),
  ...given,
})
const to = (stage: Stage, given?: Partial<MoveOptions>): Promise<Flag> =>
  setStage(options(given), { type: 'Account', stage, noOtherWriters: true })

/** Another's move to live, whose writes are held until it is told to go on. */
async function moving(): Promise<{ readonly ended: Promise<Flag>; goOn(): void }> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const sweep: MoveOptions['sweep'] = (_, origin) => promise.then(() => sweepOnce(stores, origin))
  const ended = to('live', { sweep, log: () => undefined })
  await vi.waitFor(async () => expect((await readFlag(ledgers.mongo, 'Account'))?.flag.state).toBe('draining'), 10_000)
  return { ended, goOn: resolve }
}

const inForce = async (): Promise<Flag> => (await readCopies(ledgers, 'Account')).flag!
const waits = expect.stringMatching(
  /^Account is being moved to live by process \d+ on \S+ since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z; waiting for it to end$/,
)

describe('Two who change the stage of one type [two-movers]', () => {
  test.each(['live', 'shadow'] as const)(
    'the one to live, the other to %s: they go one after the other',
    async (stage) => {
      const first = await moving()
      const second = to(stage)
      await vi.waitFor(() => expect(logged).toEqual([waits]), 10_000)
      expect(await inForce()).toMatchObject({ stage: 'shadow', state: 'draining', target: 'live', epoch: 2 })
      first.goOn()
      expect(await first.ended).toMatchObject({ stage: 'live', state: 'steady', epoch: 3 })
      expect(await second).toMatchObject({ stage, state: 'steady', epoch: stage === 'live' ? 3 : 4 })
      expect(logged.join('\n')).not.toContain('cut off')
      for (const origin of origins) expect(await ledgers[origin].list(moverKind)).toEqual([])
    },
  )

  test('the second is refused where the first takes longer than it waits', async () => {
    const first = await moving()
    await expect(to('shadow', { patienceMs: 500 })).rejects.toMatchObject({
      code: 'TRY_AGAIN',
      message: expect.stringMatching(/^Account is being moved to live by .*, and nothing was changed\. Try again when/),
    })
    first.goOn()
    expect(await first.ended).toMatchObject({ stage: 'live', epoch: 3 })
  })

  test('one that lives for long is not taken for dead', async () => {
    const first = await moving()
    await expect(to('shadow', { patienceMs: 8_000 })).rejects.toMatchObject({ code: 'TRY_AGAIN' })
    first.goOn()
    expect(await first.ended).toMatchObject({ stage: 'live', epoch: 3 })
  })

  test('a change of a share waits likewise', async () => {
    const first = await moving()
    const second = setStage(options(), { type: 'Account', readPercent: 10 })
    await vi.waitFor(() => expect(logged).toEqual([waits]), 10_000)
    first.goOn()
    expect(await second).toMatchObject({ stage: 'live', epoch: 3, readPercent: 10 })
  })

  test('a group that its type is about to join waits likewise', async () => {
    const first = await moving()
    const second = formGroup(options(), 'people', ['Account'])
    await vi.waitFor(() => expect(logged).toEqual([waits]), 10_000)
    first.goOn()
    expect(await first.ended).toMatchObject({ stage: 'live', epoch: 3 })
    expect(await second).toMatchObject({ type: 'people', stage: 'live', state: 'steady' })
  })

  test('a move whose mover has died is rolled back, and that is said', async () => {
    const id = { id: 'died', who: 'process 7 on elsewhere', to: 'live', since: '2026-01-01T00:00:00.000Z' }
    await ledgers.mongo.compareAndSet(moverKind, 'Account', null, id)
    const copy = (await readFlag(ledgers.mongo, 'Account'))!
    await writeFlag(ledgers.mongo, copy, { ...copy.flag, state: 'draining', target: 'live', revision: 9 })
    expect(await to('shadow')).toMatchObject({ stage: 'shadow', state: 'steady', epoch: 3 })
    expect(logged.slice(0, 2)).toEqual([
      'Account is being moved to live by process 7 on elsewhere since 2026-01-01T00:00:00.000Z; waiting for it to end',
      'Account: an earlier move was cut off and is rolled back first',
    ])
  })

  test('a store that answers nobody makes no mover a dead one', async () => {
    const first = await moving()
    const second = to('shadow')
    await vi.waitFor(() => expect(logged).toEqual([waits]), 10_000)
    isDown = true
    await new Promise((done) => setTimeout(done, times.lease + 1_000))
    isDown = false
    first.goOn()
    expect(await first.ended).toMatchObject({ stage: 'live', epoch: 3 })
    expect(await second).toMatchObject({ stage: 'shadow', epoch: 4 })
    expect(logged.join('\n')).not.toContain('cut off')
  })
})

test('a move is taken back where the mirror keeps a round of the sweep for longer than writes may be held', async () => {
  const forEver = (): Promise<number> => new Promise(() => undefined)
  await expect(to('live', { sweep: forEver, patienceMs: 500 })).rejects.toMatchObject({
    code: 'TRY_AGAIN',
    message: expect.stringMatching(
      /^Account was held for as long as it may be while mongo was made equal\. Writes go on/,
    ),
  })
  expect(await inForce()).toMatchObject({ stage: 'shadow', state: 'steady', epoch: 3 })
})

describe('A move asks again where the store was in trouble', () => {
  /** Fails twice as a store without a primary does. */
  function atTheThirdTime<T>(answer: T): () => Promise<T> {
    let left = 2
    return () => (left-- > 0 ? Promise.reject(noPrimary) : Promise.resolve(answer))
  }

  test('what others have changed while writes are held', async () => {
    const caughtUp = vi.fn(atTheThirdTime(undefined))
    expect(await to('live', { caughtUp })).toMatchObject({ stage: 'live', state: 'steady', epoch: 3 })
    expect(caughtUp).toHaveBeenCalledTimes(3)
  })

  test('what stands against it, before anything is held', async () => {
    const unmet = vi.fn(atTheThirdTime<readonly string[]>([]))
    expect(await to('live', { unmet })).toMatchObject({ stage: 'live', state: 'steady', epoch: 3 })
    expect(unmet).toHaveBeenCalledTimes(3)
  })

  test('and is taken back where it is so for longer than writes may be held', async () => {
    const caughtUp = () => Promise.reject(noPrimary)
    await expect(to('live', { caughtUp, patienceMs: 500 })).rejects.toBe(noPrimary)
    expect(await inForce()).toMatchObject({ stage: 'shadow', state: 'steady' })
  })
})
