import { MongoServerSelectionError } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Flag, initialFlag } from '../../src/control/flag.ts'
import { defineEntity } from '../../src/entity/define-entity.ts'
import { text } from '../../src/entity/field.ts'
import type { Read } from '../../src/routing/read.ts'
import type { ReadSource, Routing } from '../../src/routing/routing.ts'
import type { Stage } from '../../src/stage/stage.ts'
import { StoreSilent } from '../../src/stores/failure.ts'
import type { Origin } from '../../src/util/origin.ts'
import { Account } from '../support/account.ts'
import { answerOf, requestTo, routingOf } from '../support/reads-in.ts'
import { openStores, type TestStores } from '../support/stores.ts'

let stores: TestStores
beforeAll(async () => {
  stores = await openStores([Account])
})
afterAll(() => stores.close())

const failing =
  (origin: Origin): Read<string>['ask'] =>
  async (source: ReadSource) => {
    if (source.origin === origin) throw new StoreSilent(origin)
    return source.origin
  }

const logged: string[] = []
const routingIn = (flag: Partial<Flag>, lagMs: number, parts: object = {}): Routing =>
  routingOf(flag, { stores, sweeper: { lagMs: () => lagMs }, ...parts }, logged)

/** What was answered, and up to how many milliseconds ago it is whole; null for unknown. Empty where it is not stale. */
async function answered(routing: Routing, fails: Origin): Promise<readonly unknown[]> {
  const reads = requestTo(routing)
  const by = await answerOf(reads, failing(fails))
  return [by, ...[...reads.stale.values()].map((asOf) => asOf && Date.now() - asOf.getTime())]
}

describe.each([
  ['shadow', 'mongo', 'postgres'],
  ['live', 'postgres', 'mongo'],
] as const)('In %s, where %s has authority', (stage, authority, mirror) => {
  test('a mirror that is within its bound answers in its place, and nothing more is said', async () => {
    expect(await answered(routingIn({ stage }, 999), authority)).toEqual([mirror])
  })

  test('a mirror that is behind answers all the same, and says up to when it is whole', async () => {
    const routing = routingIn({ stage }, 17_700)
    const [by, age] = await answered(routing, authority)
    expect(by).toBe(mirror)
    expect(age).toBeGreaterThanOrEqual(17_700)
    expect(age).toBeLessThan(17_700 + 60_000)
    expect(routing.failOvers.staleCount).toEqual(new Map([['Account', 1]]))
    expect(logged.at(-2)).toMatch(/^Answers of Account may lack what was written since \d{4}-.*Z, and say so$/)
  })

  test('one that nobody has looked at says that its age is unknown', async () => {
    expect(await answered(routingIn({ stage }, Number.POSITIVE_INFINITY), authority)).toEqual([mirror, null])
  })

  test('who has just written is told, though the mirror is within its bound', async () => {
    const routing = routingIn({ stage }, 0)
    routing.recentWrites.note('Account', 'anna')
    expect(await answered(routing, authority)).toEqual([mirror, expect.any(Number)])
    routing.recentWrites.note('Movie', 'bert')
    expect(await answered(routingIn({ stage }, 0), authority)).toEqual([mirror])
  })

  test('the authority that answers for its mirror has no bound', async () => {
    let lagMs = 0
    const routing = routingOf({ stage, readPercent: 100 }, { stores, sweeper: { lagMs: () => lagMs } })
    const reads = requestTo(routing)
    expect(reads.decision('Account').reads).toBe(mirror)
    lagMs = Number.POSITIVE_INFINITY
    expect(await answerOf(reads, failing(mirror))).toBe(authority)
    expect(reads.stale).toEqual(new Map())
  })

  test('what is down by its watch is answered for with the same word', async () => {
    const flags = { ...routingIn({ stage }, 0).flags, isDown: (origin: Origin) => origin === authority }
    const ask = async ({ origin }: ReadSource): Promise<string> => origin
    const reads = requestTo(routingIn({ stage }, 5_000, { flags }))
    expect([await answerOf(reads, ask), reads.stale.size]).toEqual([mirror, 1])
  })

  test('a mutation’s payload, and what is killed, is read from the authority or not at all', async () => {
    const unavailable = { code: 'UNAVAILABLE', message: 'The data store does not answer; try again.' }
    expect(await answerOf(requestTo(routingIn({ stage }, 0), true), failing(authority))).toMatchObject(unavailable)
    const killed = routingIn({ stage, readPercent: 100 }, 0, { killSwitch: { isOn: () => true } })
    expect(await answerOf(requestTo(killed), failing(authority))).toMatchObject(unavailable)
    expect(await answerOf(requestTo(killed), failing(mirror))).toBe(authority)
  })
})

test('several stale answers of one request say the oldest state, and count once', async () => {
  let lag = 0
  const routing = routingIn({ stage: 'shadow' }, 0, { sweeper: { lagMs: () => lag } })
  const reads = requestTo(routing)
  for (lag of [4_000, 9_000, 2_000]) expect(await answerOf(reads, failing('mongo'))).toBe('postgres')
  expect(Date.now() - reads.stale.get('Account')!.getTime()).toBeGreaterThanOrEqual(9_000)
  expect(routing.failOvers.staleCount.get('Account')).toBe(1)
})

test('an answer that is slow shows what the mirror had when it was asked', async () => {
  const routing = routingIn({ stage: 'shadow' }, 3_000)
  const reads = requestTo(routing)
  const began = Date.now()
  await answerOf(reads, async ({ origin }) => {
    if (origin === 'mongo') throw new MongoServerSelectionError('no server', {} as never)
    await new Promise((done) => setTimeout(done, 300))
    return origin
  })
  expect(reads.stale.get('Account')!.getTime()).toBeLessThan(began - 2_700)
})

test('what depends on several types is as old as each of them is in the mirror', async () => {
  const Visit = defineEntity('Visit', { mongo: 'visits', postgres: 'visits', id: text(), fields: {} })
  const Note = defineEntity('Note', { mongo: 'notes', postgres: 'notes', id: text(), fields: {} })
  const Log = defineEntity('Log', { mongo: 'logs', postgres: 'logs', id: text(), fields: {} })
  const stages: Readonly<Record<string, Stage>> = { Account: 'shadow', Visit: 'shadow', Note: 'off', Log: 'live' }
  const flags = {
    get: (type: string) => ({ ...initialFlag(type), fresh: 1, samplePercent: 0, stage: stages[type]! }),
    isDown: () => false,
    onDown: () => () => undefined,
  }
  const sweeper = { lagMs: (type: string) => (type === 'Visit' ? 5_000 : 0) }
  const reads = requestTo(routingOf({}, { stores, flags, sweeper }))
  const also = [Visit, Note, Log]
  const asked = { entity: Account, also, resolver: 'Query.x', args: () => null, ask: failing('mongo') }
  expect(await reads.run(asked as unknown as Read<string>)).toBe('postgres')
  expect([...reads.stale]).toEqual([
    ['Visit', expect.any(Date)],
    ['Note', null], // nobody keeps it in PostgreSQL
  ])
})
