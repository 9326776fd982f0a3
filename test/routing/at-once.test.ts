import { expect, test } from 'vitest'
import { initialFlag } from '../../src/control/flag.ts'
import { defineEntity } from '../../src/entity/define-entity.ts'
import { text } from '../../src/entity/field.ts'
import { Admitted } from '../../src/routing/admitted.ts'
import { ReadBreakers } from '../../src/routing/read-breakers.ts'
import { Reads } from '../../src/routing/reads.ts'
import type { Routing } from '../../src/routing/routing.ts'
import { arrivedOf, askerOf } from '../../src/util/ending.ts'

const Movie = defineEntity('Movie', { mongo: 'movies', postgres: 'movies', id: text(), fields: {} })

/** Reads of one request of a type that is off, and what they wait for. */
function request(signal?: AbortSignal) {
  const asked: PromiseWithResolvers<string>[] = []
  const signals: (AbortSignal | undefined)[] = []
  const routing = {
    flags: { get: (type: string) => initialFlag(type), isDown: () => false },
    killSwitch: { isOn: () => false },
    breakers: new ReadBreakers(() => undefined),
    errorBudgets: { isSpent: () => false },
    sweeper: { lagMs: () => 0 },
    limits: { statements: 200, records: 50_000, recordBytes: 100, textLength: 2_000 },
    shadow: { statistics: { of: () => ({ reads: 0 }) }, asked: () => undefined },
    stores: {
      mongo: { origin: 'mongo', takesWrites: () => true, failureOf: () => null, readError: (error: unknown) => error },
    },
    readsUnderWay: { mongo: new Admitted(), postgres: new Admitted() },
  } as unknown as Routing
  const reads = new Reads(routing, () => 'anna', false, signal)
  const read = (): Promise<string> =>
    reads.run({
      entity: Movie,
      fields: null,
      resolver: 'Query.movies',
      args: () => null,
      ask: (_, signal) => {
        signals.push(signal)
        asked.push(Promise.withResolvers())
        return asked.at(-1)!.promise
      },
      outcome: () => ({ is: 'value', value: null }),
    })
  return { routing, asked, signals, read }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a request asks a store four things at a time, and all that it asks is answered', async () => {
  const { routing, asked, read } = request()
  const answers = Array.from({ length: 50 }, read)
  answers[3]!.catch(() => undefined)
  await settled()
  expect(asked).toHaveLength(4)
  expect(routing.readsUnderWay.mongo.count).toBe(4)
  asked[2]!.resolve('third')
  asked[3]!.reject(new Error('fourth'))
  await settled()
  expect(asked).toHaveLength(6)
  for (let next = 0; next < 50; next++) {
    asked[next]!.resolve('answered')
    await settled()
  }
  const outcomes = (await Promise.allSettled(answers)).map(({ status }) => status)
  expect(outcomes).toEqual(outcomes.map((_, at) => (at === 3 ? 'rejected' : 'fulfilled')))
  expect(routing.readsUnderWay.mongo.count).toBe(0)
})

test('what waits for its turn when the request ends is not asked any more', async () => {
  const ends = new AbortController()
  const { asked, read } = request(ends.signal)
  const answers = Array.from({ length: 30 }, read)
  await settled()
  ends.abort('left')
  for (const { resolve } of asked) resolve('answered')
  const outcomes = await Promise.allSettled(answers)
  expect(asked).toHaveLength(4)
  expect(outcomes.slice(4)).toEqual(Array.from({ length: 26 }, () => ({ status: 'rejected', reason: 'left' })))
})

test('a store is told whose turn it is: of each request and type another', async () => {
  const [one, two] = [request(new AbortController().signal), request(new AbortController().signal)]
  for (const read of [one.read, one.read, two.read]) void read()
  await settled()
  const [first, second] = one.signals.map(askerOf)
  expect(first).toEqual({ request: expect.anything(), type: 'Movie' })
  expect(second!.request).toBe(first!.request)
  expect(askerOf(two.signals[0])!.request).not.toBe(first!.request)
})

test('what waits for its turn when too many bytes have arrived is not asked any more', async () => {
  const { asked, signals, read } = request(new AbortController().signal)
  const answers = Array.from({ length: 30 }, read)
  await settled()
  const tooMuch = 'The request asks for more than 100 bytes of records (limits.recordBytes).'
  arrivedOf(signals[0])!(60)
  expect(() => arrivedOf(signals[1])!(60)).toThrow(tooMuch)
  for (const { resolve } of asked) resolve('answered')
  const outcomes = await Promise.allSettled(answers)
  expect(asked).toHaveLength(4)
  for (const outcome of outcomes.slice(4))
    expect(outcome).toEqual({
      status: 'rejected',
      reason: expect.objectContaining({ message: expect.stringContaining(tooMuch) }),
    })
})
