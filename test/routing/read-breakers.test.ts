import { sql } from 'kysely'
import { MongoServerError } from 'mongodb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { initialFlag } from '../../src/control/flag.ts'
import type { ReadSource, Routing } from '../../src/routing/routing.ts'
import { StoreSilent } from '../../src/stores/failure.ts'
import { CrossfadeError } from '../../src/util/errors.ts'
import type { Origin } from '../../src/util/origin.ts'
import { Account } from '../support/account.ts'
import { answerOf, requestTo, routingOf } from '../support/reads-in.ts'
import { openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Account])
})
afterAll(() => stores.close())
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** What a store does of a call: its number is that of the call, from 0. */
type Does = (call: number) => Error | null

interface Traffic {
  readonly routing: Routing
  readonly logged: readonly string[]
  /** Who was asked, and who answered, since it was last looked at. */
  taken(): { readonly asked: Origin[]; readonly answers: unknown[] }
  /** So many requests, each so many milliseconds after the one before. */
  send(count: number, everyMs?: number): Promise<void>
}

function trafficWhere(does: Partial<Record<Origin, Does>>, parts: object = {}): Traffic {
  const logged: string[] = []
  const routing = routingOf({ stage: 'live' }, { stores, ...parts }, logged)
  const calls = { mongo: 0, postgres: 0 }
  let [asked, answers]: [Origin[], unknown[]] = [[], []]
  const ask = async ({ origin }: ReadSource): Promise<string> => {
    asked.push(origin)
    const error = does[origin]?.(calls[origin]++)
    if (error) throw error
    return origin
  }
  return {
    routing,
    logged,
    taken() {
      const taken = { asked, answers }
      ;[asked, answers] = [[], []]
      return taken
    },
    async send(count, everyMs = 0) {
      for (let n = 0; n < count; n++) {
        answers.push(await answerOf(requestTo(routing), ask))
        await settled()
        vi.advanceTimersByTime(everyMs)
      }
    },
  }
}

const count = <T>(of: readonly T[], what: T): number => of.filter((each) => each === what).length

/** PostgreSQL is the store that is decided on; its errors are those that its driver raises. */
let busy: Error
let unfit: Error
beforeAll(async () => {
  const raised = (text: string): Promise<Error> =>
    stores.postgres.connection.run(sql.raw(text)).then(
      () => Promise.reject(new Error('nothing was raised')),
      (error: Error) => error,
    )
  busy = await raised(`do $$ begin raise exception 'x' using errcode = '53300'; end $$`)
  unfit = await raised('select 1 from nothing_of_this_name')
})

describe('A store that fails a type’s reads again and again', () => {
  test.each(['busy', 'unfit'])('is %s: it is left after a few, and then no request pays for it', async (kind) => {
    const error = kind === 'busy' ? busy : unfit
    const { send, taken, logged, routing } = trafficWhere({ postgres: () => error })
    await send(100)
    const { asked, answers } = taken()
    expect(count(answers, 'mongo')).toBe(100)
    expect(count(asked, 'postgres')).toBe(5)
    expect(routing.failOvers.count.get('Account')).toBe(100)
    expect(
      logged.filter((line) => /^Reads of Account go to mongo at once, since postgres fails them/.test(line)),
    ).toHaveLength(1)
  })

  test('is probed once a second beside the answers, and has its reads back when it has answered for a while', async () => {
    let works = false
    const { send, taken, logged } = trafficWhere({ postgres: () => (works ? null : busy) })
    await send(10)
    taken()
    await send(100, 100)
    const broken = taken()
    expect(count(broken.answers, 'mongo')).toBe(100)
    expect(count(broken.asked, 'postgres')).toBe(9)
    works = true
    await send(50, 100) // four probes were answered, or five within less than five seconds
    expect(count(taken().answers, 'mongo')).toBe(50)
    await send(20, 100)
    await send(30, 100)
    expect(taken().answers.slice(20)).toEqual(Array.from({ length: 30 }, () => 'postgres'))
    expect(logged.at(-1)).toBe('postgres answers reads of Account again.')
  })

  test('and answers every second call bounces nobody: it is left, and does not come back', async () => {
    const { send, taken } = trafficWhere({ postgres: (call) => (call % 2 === 0 ? busy : null) })
    await send(20)
    taken()
    await send(600, 100)
    expect(new Set(taken().answers)).toEqual(new Set(['mongo']))
  })

  test('and fails again in the middle of its good time begins it anew', async () => {
    let broken = true
    const { send, taken } = trafficWhere({ postgres: () => (broken ? busy : null) })
    await send(10)
    broken = false
    await send(45, 100)
    broken = true
    await send(10, 100)
    broken = false
    taken()
    await send(45, 100)
    expect(new Set(taken().answers)).toEqual(new Set(['mongo']))
  })
})

test('a few failures among many answers leave reads where they are', async () => {
  const { send, taken } = trafficWhere({ postgres: (call) => (call % 4 === 3 ? busy : null) })
  await send(400)
  expect(count(taken().asked, 'postgres')).toBe(400)
})

const faults: Readonly<Record<string, () => Error>> = {
  'a client’s mistake': () => new CrossfadeError('BAD_USER_INPUT', 'x'),
  'a fault of ours': () => new TypeError('x is not a function'),
  'what MongoDB refuses': () => new MongoServerError({ message: 'x', code: 2 }),
}

test.each(Object.keys(faults))('%s says nothing of a store', async (kind) => {
  const { send, taken } = trafficWhere({ postgres: faults[kind]! })
  await send(50)
  expect(count(taken().asked, 'postgres')).toBe(50)
})

test('a store that answers nobody comes back by its watch, and not later', async () => {
  let hangs = true
  const { send, taken } = trafficWhere({ postgres: () => (hangs ? new StoreSilent('postgres') : null) })
  await send(50)
  hangs = false
  taken()
  await send(10)
  expect(count(taken().answers, 'postgres')).toBe(10)
})

test('where the other store fails as well, the one that was left is asked again', async () => {
  let otherWorks = true
  const { send, taken } = trafficWhere({
    postgres: (call) => (call < 5 ? busy : null),
    mongo: () => (otherWorks ? null : new MongoServerError({ message: 'x', code: 11_600 })),
  })
  await send(10)
  otherWorks = false
  taken()
  await send(3)
  expect(taken().answers).toEqual(['postgres', 'postgres', 'postgres'])
})

test('one request keeps the store that it began with, though the other one comes back meanwhile', async () => {
  const { send, routing } = trafficWhere({ postgres: (call) => (call < 5 ? busy : null) })
  await send(5)
  const reads = requestTo(routing)
  const origin = async ({ origin }: ReadSource): Promise<string> => origin
  expect(await answerOf(reads, origin)).toBe('mongo')
  await send(100, 100)
  expect(await answerOf(requestTo(routing), origin)).toBe('postgres')
  expect(await answerOf(reads, origin)).toBe('mongo')
})

test('types are left one by one', async () => {
  const { send, routing } = trafficWhere({ postgres: () => busy })
  await send(10)
  expect(routing.breakers.isOpen('Account', 'postgres')).toBe(true)
  expect(routing.breakers.isOpen('Movie', 'postgres')).toBe(false)
  expect(routing.breakers.isOpen('Account', 'mongo')).toBe(false)
})

test('where no other store may answer, nothing is said to go there', async () => {
  const flags = { get: (type: string) => initialFlag(type), isDown: () => false, onDown: () => () => undefined }
  const failing = new MongoServerError({ message: 'x', code: 24 })
  const { send, taken, logged } = trafficWhere({ mongo: () => failing }, { flags })
  await send(20)
  expect(count(taken().asked, 'mongo')).toBe(20)
  expect(logged).toEqual([])
})
