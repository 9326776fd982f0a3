import { sql } from 'kysely'
import { MongoNetworkError, MongoServerError, MongoServerSelectionError } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { initialFlag } from '../../src/control/flag.ts'
import type { FlagWatch } from '../../src/control/flag-watch.ts'
import { Admitted } from '../../src/routing/admitted.ts'
import type { Read } from '../../src/routing/read.ts'
import { Reads } from '../../src/routing/reads.ts'
import type { ReadSource } from '../../src/routing/routing.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { PoolFull } from '../../src/stores/mongo/pool-full.ts'
import { ConnectionFailure } from '../../src/stores/postgres/connection-failure.ts'
import type { PostgresSide } from '../../src/stores/postgres/side.ts'
import { type Asker, askerOf } from '../../src/util/ending.ts'
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

const logged: string[] = []

/** The reads of one request in a stage. */
const readsIn = (
  stage: Stage,
  isDown: (origin: Origin) => boolean,
  onDown: FlagWatch['onDown'] = () => () => undefined,
  readsUnderWay = { mongo: new Admitted(), postgres: new Admitted() },
): Reads => {
  const flags = { get: (type: string) => ({ ...initialFlag(type), fresh: 1, stage, samplePercent: 0 }), isDown, onDown }
  return requestTo(routingOf({}, { stores, flags, readsUnderWay }, logged))
}

const read = (stage: Stage, ask: Read<string>['ask'], isDown = (_origin: Origin) => false): Promise<unknown> =>
  answerOf(readsIn(stage, isDown), ask)

const noServer = new MongoServerSelectionError('no server', {} as never)
const noPostgres = new ConnectionFailure('unreachable', 'no server')
const neither = { code: 'UNAVAILABLE', message: 'Neither data store answers; try again.' }

const raising = (state: string) => (side: PostgresSide) =>
  side.run(sql.raw(`do $$ begin raise exception 'secret' using errcode = '${state}'; end $$`))

/** What PostgreSQL answers where it stands in, for each kind of failure. */
const answers: Readonly<Record<string, (side: PostgresSide) => Promise<unknown>>> = {
  'it stops': raising('57P01'),
  'it has no connection left': raising('53300'),
  'it takes too long': raising('57014'),
  'it forbids the read': raising('42501'),
  'it lacks the table': (side) => side.run(sql`select 1 from nothing_of_this_name`),
  'a key is taken': raising('23505'),
  'it refuses a value': (side) => side.run(sql`select 1 / (select 0)`),
  'nobody knows': raising('40003'),
}

test.each(Object.keys(answers))('a read that PostgreSQL answers for MongoDB is unavailable where %s', async (why) => {
  const ask = async (source: ReadSource): Promise<string> => {
    if (source.origin === 'mongo') throw noServer
    return String(await answers[why]!(source.side()))
  }
  expect(await read('shadow', ask)).toMatchObject(neither)
  expect(await read('shadow', ask, (origin) => origin === 'mongo')).toMatchObject(neither)
})

const fromMongo: Readonly<Record<string, Error>> = {
  'there is no server': noServer,
  'the connection breaks': new MongoNetworkError('reset'),
  'a lock is in the way': new MongoServerError({ message: 'x', code: 24 }),
  'it takes too long': new MongoServerError({ message: 'x', code: 50 }),
  'it lacks an option': new MongoServerError({ message: 'x', code: 72 }),
  'it refuses a value': new MongoServerError({ message: 'x', code: 2 }),
}

test.each(Object.keys(fromMongo))('a read that MongoDB answers for PostgreSQL is unavailable where %s', async (why) => {
  const ask = async (source: ReadSource): Promise<string> => {
    if (source.origin === 'postgres') return String(await raising('57P03')(source.side()))
    throw fromMongo[why]!
  }
  expect(await read('live', ask)).toMatchObject(neither)
})

test.each(['shadow', 'live'] as const)(
  'in %s, where no connection to the store that stands in is free, the read is to be tried again, and failed over nowhere',
  async (stage) => {
    const before = logged.length
    const ask = async ({ origin }: ReadSource): Promise<string> => {
      if ((stage === 'shadow') === (origin === 'mongo')) throw stage === 'shadow' ? noServer : noPostgres
      throw origin === 'mongo' ? new PoolFull(5_000) : new ConnectionFailure('full', 'none was free')
    }
    const full = { code: 'TRY_AGAIN', message: 'Too much is asked of the API at the moment; try again.' }
    expect(await read(stage, ask)).toMatchObject(full)
    expect(logged.slice(before)).toEqual([])
  },
)

describe('A read that has failed over, where the store that stands in has an election', () => {
  let [looks, isBack] = [0, false]
  const within = async (ms: number, elected: number, back = Number.POSITIVE_INFINITY): Promise<unknown> => {
    ;[looks, isBack] = [0, false]
    const takesWrites = (): boolean => {
      isBack = ++looks > back
      return looks > elected
    }
    const mongo = { ...stores.mongo, takesWrites }
    const get = (type: string) => ({ ...initialFlag(type), fresh: 1, stage: 'live', samplePercent: 0 })
    const flags = { get, isDown: (origin: Origin) => origin === 'postgres' && !isBack, onDown: () => () => undefined }
    const routing = routingOf({}, { stores: { ...stores, mongo }, flags })
    const ask = async ({ origin }: ReadSource): Promise<string> => {
      if (looks <= elected) throw noServer
      return origin
    }
    return answerOf(new Reads(routing, () => 'anna', false, AbortSignal.timeout(ms)), ask)
  }

  test('waits for its end', async () => {
    expect(await within(20_000, 3)).toBe('mongo')
  })
  test('as long as its request may take', async () => {
    expect(await within(300, Number.POSITIVE_INFINITY)).toMatchObject(neither)
  })
  test('and no longer than the first store is away', async () => {
    expect(await within(20_000_000, Number.POSITIVE_INFINITY, 3)).toMatchObject(neither)
    expect(looks).toBeLessThan(10) // each is one of the wait's
  })
  test('which it is not asked for where nobody knows that the first one is away', async () => {
    expect(await within(20_000_000, Number.POSITIVE_INFINITY, 0)).toMatchObject(neither)
    expect(looks).toBeLessThan(10)
  })
})

describe('A read where neither store answers', () => {
  /** Both are down for so many looks at them. */
  const within = async (ms: number, downFor: Readonly<Record<Origin, number>>, stage: Stage): Promise<unknown> => {
    const looks = { mongo: 0, postgres: 0 }
    const isDown = (origin: Origin): boolean => ++looks[origin] <= downFor[origin]
    const get = (type: string) => ({ ...initialFlag(type), fresh: 1, stage, samplePercent: 0 })
    const routing = routingOf({}, { stores, flags: { get, isDown, onDown: () => () => undefined } })
    const ask = async ({ origin }: ReadSource): Promise<string> => {
      if (looks[origin] > downFor[origin]) return origin
      throw origin === 'mongo' ? noServer : new ConnectionFailure('unreachable', 'no answer')
    }
    return answerOf(new Reads(routing, () => 'anna', false, AbortSignal.timeout(ms)), ask)
  }

  test.each<[Stage, Origin]>([
    ['shadow', 'postgres'],
    ['live', 'mongo'],
  ])('waits in %s for the one that stands in', async (stage, origin) => {
    expect(await within(20_000, { mongo: 40, postgres: 40, [origin]: 5 }, stage)).toBe(origin)
  })
  test('waits for the only one of its stage', async () => {
    expect(await within(20_000, { mongo: 0, postgres: 5 }, 'complete')).toBe('postgres')
    expect(await within(20_000, { mongo: 5, postgres: 0 }, 'off')).toBe('mongo')
  })
  test('as long as its request may take', async () => {
    const ever = Number.POSITIVE_INFINITY
    expect(await within(300, { mongo: ever, postgres: ever }, 'shadow')).toMatchObject(neither)
    expect(await within(300, { mongo: ever, postgres: ever }, 'complete')).toMatchObject({ code: 'UNAVAILABLE' })
  })
})

test('the other store answers for one that cannot, and the log says which', async () => {
  const ask = async ({ origin }: ReadSource): Promise<string> => {
    if (origin === 'mongo') throw noServer
    return origin
  }
  expect(await read('shadow', ask)).toBe('postgres')
  expect(logged.at(-1)).toBe('Reads of Account are answered by postgres, since mongo failed: no server')
})

test('what the caller or we did wrong stays what it is, whichever store meets it', async () => {
  for (const fault of [new CrossfadeError('BAD_USER_INPUT', 'x'), new TypeError('x is not a function')]) {
    expect(await read('shadow', () => Promise.reject(fault))).toBe(fault)
    const ask = ({ origin }: ReadSource): Promise<string> => Promise.reject(origin === 'mongo' ? noServer : fault)
    expect(await read('shadow', ask)).toBe(fault)
  }
})

test('a store that stands alone says itself why it cannot answer', async () => {
  const ask = async (source: ReadSource): Promise<string> => {
    if (source.origin === 'mongo') throw new Error('nobody asks MongoDB')
    return String(await raising('53300')(source.side()))
  }
  expect(await read('complete', ask)).toMatchObject({ code: 'TRY_AGAIN' })
})

test('a read by hand runs on the connections of whoever asks: clients, or comparison', async () => {
  const postgres = async ({ run }: PostgresSide) => (await run(sql`show statement_timeout`))[0]
  expect(await postgres(stores.postgres.side())).toEqual({ statement_timeout: '10s' })
  expect(await postgres(stores.postgres.candidate.side())).toEqual({ statement_timeout: '2s' })
})

describe('One request has one store for a type', () => {
  const unavailable = { code: 'UNAVAILABLE', message: 'The data store does not answer; try again.' }
  const origin = async ({ origin }: ReadSource): Promise<string> => origin
  const onlyPostgres = async (source: ReadSource): Promise<string> => {
    if (source.origin === 'mongo') throw noServer
    return source.origin
  }

  test('a fail-over holds for what is read later, though the first store answers again', async () => {
    const reads = readsIn('shadow', () => false)
    expect(await answerOf(reads, onlyPostgres)).toBe('postgres')
    expect(await answerOf(reads, origin)).toBe('postgres')
    expect(
      await answerOf(
        readsIn('shadow', () => false),
        origin,
      ),
    ).toBe('mongo')
  })

  test('and one share of the turns, be it the first read of a type or a later one', async () => {
    const get = (type: string) => ({ ...initialFlag(type), fresh: 1, stage: 'shadow', samplePercent: 0 })
    const flags = { get, isDown: () => false, onDown: () => () => undefined }
    const reads = new Reads(routingOf({}, { stores, flags }), () => 'anna', false, new AbortController().signal)
    const askers: (Asker | undefined)[] = []
    const asker = async ({ origin }: ReadSource, signal?: AbortSignal): Promise<string> => {
      askers.push(askerOf(signal))
      return origin
    }
    for (let n = 0; n < 2; n++) await answerOf(reads, asker)
    expect(askers.map((each) => each?.type)).toEqual(['Account', 'Account'])
    expect(askers[0]!.request).toBe(askers[1]!.request)
  })

  test('what was answered is not followed by an answer of the other store', async () => {
    const reads = readsIn('shadow', () => false)
    expect(await answerOf(reads, origin)).toBe('mongo')
    expect(await answerOf(reads, onlyPostgres)).toMatchObject(unavailable)
  })

  test('nor where the first store is slow meanwhile: it is waited for', async () => {
    let down = false
    const reads = readsIn('shadow', (each) => down && each === 'mongo')
    expect(await answerOf(reads, origin)).toBe('mongo')
    down = true
    expect(await answerOf(reads, origin)).toBe('mongo')
  })

  test('an answer that comes behind a fail-over is asked again of the other store', async () => {
    const reads = readsIn('shadow', () => false)
    let finish = (): void => undefined
    const slow = answerOf(reads, async (source) => {
      if (source.origin === 'mongo') await new Promise<void>((done) => (finish = done))
      return source.origin
    })
    expect(await answerOf(reads, onlyPostgres)).toBe('postgres')
    finish()
    expect(await slow).toBe('postgres')
  })

  test('what is in flight when a store goes down is ended there and asked of the other one', async () => {
    const listeners = new Set<() => void>()
    const onDown = (_: Origin, listener: () => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    }
    const reads = readsIn('shadow', () => false, onDown)
    const hung = answerOf(reads, (source, signal) =>
      source.origin === 'postgres'
        ? Promise.resolve('postgres')
        : new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason))),
    )
    await expect.poll(() => listeners.size).toBe(1)
    for (const listener of listeners) listener()
    expect(await hung).toBe('postgres')
    expect(listeners.size).toBe(0)
  })
})

const hangs = (_source: ReadSource, signal?: AbortSignal): Promise<string> =>
  new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)))

test.each(['shadow', 'live'] as const)(
  'in %s, where both stores are down by their watches, one that hangs is not waited for: the other may be late only',
  async (stage) => {
    const decided = stage === 'live' ? 'postgres' : 'mongo'
    const ask: Read<string>['ask'] = async (source, signal) =>
      source.origin === decided ? hangs(source, signal) : source.origin
    expect(await read(stage, ask, () => true)).toBe(stage === 'live' ? 'mongo' : 'postgres')
    expect(
      await read(
        stage,
        async ({ origin }) => origin,
        () => true,
      ),
    ).toBe(decided)
  },
)

test('more reads than a store is to have at a time are refused, and the other store is left alone', async () => {
  let finish = (): void => undefined
  const waits = new Promise<void>((done) => (finish = done))
  const underWay = { mongo: new Admitted(), postgres: new Admitted() }
  const asked: string[] = []
  const all = Array.from({ length: 1_010 }, () =>
    answerOf(
      readsIn('shadow', () => false, undefined, underWay),
      async (source) => {
        asked.push(source.origin)
        await waits
        return source.origin
      },
    ),
  )
  finish()
  const answers = await Promise.all(all)
  expect(answers.filter((each) => each === 'mongo')).toHaveLength(800)
  expect(answers.filter((each) => each !== 'mongo')).toHaveLength(210)
  expect(answers.at(-1)).toMatchObject({
    code: 'TRY_AGAIN',
    message: 'Too much is asked of the API at the moment; try again.',
  })
  expect(new Set(asked)).toEqual(new Set(['mongo']))
  expect([underWay.mongo.count, underWay.postgres.count]).toEqual([0, 0])
})
