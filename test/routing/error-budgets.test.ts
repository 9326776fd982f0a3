import { sql } from 'kysely'
import { MongoOperationTimeoutError, MongoServerError } from 'mongodb'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Flag, initialFlag } from '../../src/control/flag.ts'
import { ledgersOf, readFlag, writeFlag } from '../../src/control/flag-store.ts'
import { finishMove, type MoveOptions, setStage } from '../../src/control/move.ts'
import { prepareFlags } from '../../src/control/prepare-flags.ts'
import { backfill } from '../../src/jobs/backfill.ts'
import { type ErrorBudget, ErrorBudgets, errorBudgetOf } from '../../src/routing/error-budgets.ts'
import type { ReadSource, Routing } from '../../src/routing/routing.ts'
import { tellsOfTrouble } from '../../src/stores/failure.ts'
import { CrossfadeError } from '../../src/util/errors.ts'
import type { Origin } from '../../src/util/origin.ts'
import { Account, sweepOnce } from '../support/account.ts'
import { answerOf, requestTo, routingOf } from '../support/reads-in.ts'
import { openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
beforeEach(async () => {
  stores = await openStores([Account])
  await prepareFlags(ledgersOf(stores), ['Account'])
})
const gateways: Gateway[] = []
afterEach(async () => {
  for (const { budgets } of gateways.splice(0)) budgets.stop()
  await stores.close()
})

const moves = (): MoveOptions => ({
  ledgers: ledgersOf(stores),
  log: () => undefined,
  sweep: (_, from) => sweepOnce(stores, from),
})

async function toStage(stage: 'shadow' | 'live', readPercent: number): Promise<void> {
  await setStage(moves(), { type: 'Account', stage: 'dualwrite' })
  await backfill({ stores, entity: Account })
  await setStage(moves(), { type: 'Account', stage: 'shadow' })
  await setStage(moves(), { type: 'Account', stage, readPercent, samplePercent: 0 })
}

const flagIn = async (origin: Origin): Promise<Flag> => (await readFlag(stores[origin].ledger, 'Account'))!.flag

interface Gateway {
  readonly budgets: ErrorBudgets
  readonly logged: string[]
  /** Its next look at the flags. */
  look(): Promise<void>
  /** So many requests of others each; a store that has an error fails with it. Who answered, or the code of what went wrong. */
  ask(times: number, errors?: Partial<Record<Origin, Error>>): Promise<unknown[]>
}

async function openGateway(
  id: string,
  budget: Partial<ErrorBudget> = {},
  down: Origin | null = null,
): Promise<Gateway> {
  const logged: string[] = []
  let flag: Flag
  const log = (_level: string, message: string): void => void logged.push(message)
  const isTrouble = (error: unknown): boolean => tellsOfTrouble(stores, error)
  const change = { ledgers: ledgersOf(stores), isTrouble, log: () => undefined }
  const budgets = new ErrorBudgets({ ...errorBudgetOf(budget), by: id, change, log, retryMs: 20 })
  const flags = { get: () => flag, isDown: (origin: Origin) => origin === down, onDown: () => () => undefined }
  const routing: Routing = routingOf({}, { stores, flags, errorBudgets: budgets })
  const gateway: Gateway = {
    budgets,
    logged,
    async look() {
      const [mongo, postgres] = [await flagIn('mongo'), await flagIn('postgres')]
      flag = mongo.revision > postgres.revision ? mongo : postgres
    },
    async ask(times, errors = {}) {
      const answers: unknown[] = []
      for (let n = 0; n < times; n++) {
        const asked = async ({ origin }: ReadSource): Promise<string> => {
          const error = errors[origin]
          if (error) throw error
          return origin
        }
        const answer = await answerOf(requestTo(routing), asked)
        answers.push(answer instanceof CrossfadeError ? answer.code : answer)
      }
      return answers
    },
  }
  await gateway.look()
  gateways.push(gateway)
  return gateway
}

const times = <T>(count: number, what: T): T[] => Array.from({ length: count }, () => what)

const raised = (state: string): Promise<Error> =>
  stores.postgres.connection.run(sql.raw(`do $$ begin raise exception 'x' using errcode = '${state}'; end $$`)).then(
    () => Promise.reject(new Error('nothing was raised')),
    (error: Error) => error,
  )

describe.each([
  ['shadow', 'postgres', 'mongo'],
  ['live', 'mongo', 'postgres'],
] as const)('In %s, where a share of reads is answered by %s', (stage, candidate, authority) => {
  const trouble = async (): Promise<Error> =>
    candidate === 'postgres' ? raised('53300') : new MongoServerError({ message: 'x', code: 91 })

  test('a budget that is spent takes them all back, here at once and for all by the flag, and the history says why', async () => {
    await toStage(stage, 100)
    const [first, second] = [await openGateway('first', { errors: 5 }), await openGateway('second')]
    expect(await first.ask(30)).toEqual(times(30, candidate))
    expect(await first.ask(4, { [candidate]: await trouble() })).toEqual(times(4, authority))
    expect((await flagIn(authority)).readPercent).toBe(100)
    await first.ask(1, { [candidate]: await trouble() })
    // It works again, and is not asked: the flag that is known here is still the old one
    expect(await first.ask(20)).toEqual(times(20, authority))
    const text = `5 of 35 reads that ${candidate} was to answer failed within 600 s; the budget is 1 %`
    expect(first.logged).toEqual([
      `Account: ${text}. All its reads are answered by ${authority} now; \`crossfade stage set Account --reads 100\` sends them there again.`,
    ])
    for (const origin of ['mongo', 'postgres'] as const)
      await expect.poll(async () => (await flagIn(origin)).readPercent).toBe(0)
    const flag = await flagIn(authority)
    expect(flag).toMatchObject({ stage, state: 'steady', returned: { by: 'first', why: text, readPercent: 100 } })
    const [entry] = await stores[authority].ledger.tail('stage', 1, 'Account')
    expect(entry!.value).toMatchObject({ from: stage, to: stage, readPercent: 0, by: 'first', why: text })
    await second.look()
    expect(await second.ask(10)).toEqual(times(10, authority))
    expect(second.logged).toEqual([])
  })

  test('it does not come back by itself; an operator sets the share again, and the count begins anew', async () => {
    await toStage(stage, 100)
    const gateway = await openGateway('one', { errors: 3 })
    await gateway.ask(20)
    await gateway.ask(3, { [candidate]: await trouble() })
    await expect.poll(async () => (await flagIn('mongo')).readPercent).toBe(0)
    // Before this gateway has seen the 0
    const set = await setStage(moves(), { type: 'Account', readPercent: 100 })
    expect(set.returned).toBeNull()
    await gateway.look()
    await expect.poll(async () => await gateway.ask(1)).toEqual([candidate])
    expect(await gateway.ask(2, { [candidate]: await trouble() })).toEqual(times(2, authority))
    expect(await gateway.ask(1)).toEqual([candidate])
    expect((await flagIn(authority)).readPercent).toBe(100)
  })

  test('a share that is set again is not taken back by what is avoided, before the store was asked', async () => {
    await toStage(stage, 100)
    const gateway = await openGateway('one', { errors: 5 })
    await gateway.ask(5, { [candidate]: await trouble() })
    await expect.poll(async () => (await flagIn('mongo')).readPercent).toBe(0)
    await setStage(moves(), { type: 'Account', readPercent: 100 })
    await gateway.look()
    expect(await gateway.ask(50)).toEqual(times(50, authority))
    expect((await flagIn(authority)).readPercent).toBe(100)
    expect(gateway.logged).toHaveLength(1)
  })

  test('whoever is not moved has no part in it, whatever fails', async () => {
    await toStage(stage, 0)
    const gateway = await openGateway('one', { errors: 1 })
    const mongo = new MongoServerError({ message: 'x', code: 91 })
    const postgres = await raised('53300')
    await gateway.ask(30, { mongo, postgres })
    expect(gateway.logged).toEqual([])
    expect((await flagIn(authority)).revision).toBe((await flagIn(candidate)).revision)
  })

  test('a store that is down by its watch spends it, since it answers none of what it was to', async () => {
    await toStage(stage, 100)
    const gateway = await openGateway('one', { errors: 5 }, candidate)
    expect(await gateway.ask(5)).toEqual(times(5, authority))
    await expect.poll(async () => (await flagIn(authority)).readPercent).toBe(0)
  })
})

describe('What spends the budget', () => {
  const spends: Readonly<Record<string, [kind: string, make: () => Error | Promise<Error>]>> = {
    '57P01': ['the server stops', () => raised('57P01')],
    '53300': ['it has no connection left', () => raised('53300')],
    '57014': ['it takes too long', () => raised('57014')],
    '42501': ['it forbids the read', () => raised('42501')],
    '42P01': ['it lacks the table', () => raised('42P01')],
  }
  test.each(Object.values(spends))('%s: counted', async (_, make) => {
    await toStage('shadow', 100)
    const gateway = await openGateway('one', { errors: 2 })
    await gateway.ask(2, { postgres: await make() })
    await expect.poll(async () => (await flagIn('mongo')).readPercent).toBe(0)
  })

  const others: Readonly<Record<string, () => Error | Promise<Error>>> = {
    'what the store refuses': () => raised('22012'),
    'a client’s mistake': () => new CrossfadeError('BAD_USER_INPUT', 'x'),
    'a fault of ours': () => new TypeError('x is not a function'),
    'a request whose time is over': () => new CrossfadeError('UNAVAILABLE', 'The request took longer than 25 s'),
  }
  test.each(Object.keys(others))('%s: not counted', async (kind) => {
    await toStage('shadow', 100)
    const gateway = await openGateway('one', { errors: 1 })
    await gateway.ask(10, { postgres: await others[kind]!() })
    expect(gateway.logged).toEqual([])
    expect(await gateway.ask(1)).toEqual(['postgres'])
  })

  test('a deadline in MongoDB, in live: counted', async () => {
    await toStage('live', 100)
    const gateway = await openGateway('one', { errors: 2 })
    await gateway.ask(2, { mongo: new MongoOperationTimeoutError('x') })
    await expect.poll(async () => (await flagIn('postgres')).readPercent).toBe(0)
  })
})

test('errors within the budget change nothing, however many', async () => {
  await toStage('shadow', 100)
  const gateway = await openGateway('one', { errors: 5, percent: 50 })
  const postgres = await raised('57014')
  for (let n = 0; n < 20; n++) {
    await gateway.ask(1)
    await gateway.ask(1, { postgres })
  }
  expect(gateway.logged).toEqual([])
  expect((await flagIn('mongo')).readPercent).toBe(100)
})

test('errors are forgotten with the window', async () => {
  await toStage('shadow', 100)
  const gateway = await openGateway('one', { errors: 3, windowMs: 1_000 })
  const postgres = await raised('57014')
  await gateway.ask(2, { postgres })
  await new Promise((done) => setTimeout(done, 1_200))
  await gateway.ask(2, { postgres })
  expect(gateway.logged).toEqual([])
})

describe('A change of the flag meanwhile', () => {
  const spend = async (gateway: Gateway): Promise<void> =>
    void (await gateway.ask(2, { postgres: await raised('53300') }))

  test('of the sample rate alone is no reason to leave the reads where they fail', async () => {
    await toStage('shadow', 40)
    await setStage(moves(), { type: 'Account', readPercent: 100 })
    const gateway = await openGateway('one', { errors: 2 })
    await setStage(moves(), { type: 'Account', samplePercent: 7 })
    await spend(gateway)
    await expect.poll(() => flagIn('mongo')).toMatchObject({ readPercent: 0, samplePercent: 7 })
  })

  test('to another share is an operator’s word, and stands', async () => {
    await toStage('shadow', 100)
    const gateway = await openGateway('one', { errors: 2 })
    await setStage(moves(), { type: 'Account', readPercent: 5 })
    await spend(gateway)
    await gateway.look()
    await expect.poll(() => gateway.budgets.isSpent({ ...initial, readPercent: 5 })).toBe(false)
    expect(await flagIn('mongo')).toMatchObject({ readPercent: 5, returned: null })
  })

  test('by a move of authority is waited for, and nothing of the move is disturbed', async () => {
    await toStage('shadow', 100)
    const gateway = await openGateway('one', { errors: 2 })
    const copy = (await readFlag(stores.mongo.ledger, 'Account'))!
    const draining: Flag = { ...copy.flag, state: 'draining', target: 'live', revision: copy.flag.revision + 1 }
    await writeFlag(stores.mongo.ledger, copy, draining)
    await spend(gateway)
    await new Promise((done) => setTimeout(done, 200))
    expect(await flagIn('mongo')).toEqual(draining)
    await finishMove(moves(), 'Account')
    await expect.poll(async () => (await flagIn('mongo')).readPercent).toBe(0)
  })

  test('by another gateway that has spent its own is enough: one entry, one change', async () => {
    await toStage('shadow', 100)
    const both = [await openGateway('one', { errors: 2 }), await openGateway('two', { errors: 2 })]
    const before = (await flagIn('mongo')).revision
    await Promise.all(both.map(spend))
    await expect.poll(async () => (await flagIn('mongo')).readPercent).toBe(0)
    await new Promise((done) => setTimeout(done, 200))
    expect((await flagIn('mongo')).revision).toBe(before + 1)
    const entries = await stores.mongo.ledger.tail('stage', 10, 'Account')
    expect(entries.filter(({ value }) => Object.hasOwn(Object(value), 'by'))).toHaveLength(1)
  })
})

const initial: Flag = { ...initialFlag('Account'), stage: 'shadow', fresh: 1, samplePercent: 0 }
