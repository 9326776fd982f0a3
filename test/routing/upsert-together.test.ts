import { defineEntity, increment, int, objectId, only, text, together } from 'crossfade'
import { createBuilder, entityType } from 'crossfade/pothos'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureConstraints } from '../../src/jobs/ensure-constraints.ts'
import { write } from '../../src/routing/writes.ts'
import { seed } from '../property/seed.ts'
import { compareStores } from '../support/compare-stores.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Vote = defineEntity('Vote', {
  mongo: 'votes',
  postgres: 'votes',
  id: objectId(),
  fields: {
    poll: int().at('poll_id'),
    voter: text({ nullIf: ['-'] }),
    times: int(),
    code: text().unique(),
    room: text(),
    seat: int(),
    topic: text(),
  },
})

/** Of a collection of several types, whose index tells them apart. */
const Like = defineEntity('Like', {
  mongo: 'marks',
  postgres: 'likes',
  id: objectId(),
  where: { kind: 'like' },
  fields: { kind: text(), post: int(), person: text(), times: int() },
})

const builder = createBuilder()
entityType(builder, Like)
const type = entityType(builder, Vote)
builder.queryType({ fields: (t) => ({ none: t.field({ type, resolve: () => null }) }) })

let api: SmallGateway
beforeAll(async () => {
  api = await openAppGateway({ schema: builder.toSchema(), entities: [Vote, Like], migrations: {} }, new Map())
  const { db } = api.stores.mongo.connection
  const votes = db.collection('votes')
  await votes.createIndex({ voter: 1, poll_id: -1 }, { unique: true, sparse: true })
  await votes.createIndex({ room: 1, seat: 1 }, { unique: true, partialFilterExpression: { topic: 'x' } })
  const withTopic = { topic: { $exists: true } }
  await votes.createIndex({ room: 1, times: 1 }, { unique: true, partialFilterExpression: withTopic })
  await votes.createIndex({ code: 1 }, { unique: true, sparse: true })
  await db.collection('marks').createIndex({ kind: 1, post: 1, person: 1 }, { unique: true })
  await ensureConstraints(api.stores, [Vote, Like])
}, 60_000)
afterAll(() => api?.close())

const run = <T>(work: Parameters<typeof write<T>>[2]): Promise<T> => write(api.gateway.routing, only(Vote), work)

describe.each(['shadow', 'live'] as const)('An upsert by fields that are unique together, in %s', (stage) => {
  beforeAll(() => api.setStage(stage))
  const vote = (poll: number, voter: string) =>
    run((tx) => tx.of(Vote).upsert({ poll, voter }, { create: { times: 1 }, change: { times: increment(1) } }))

  test('of twenty at once makes one record of each choice of values', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, (_, n) => vote(n % 2, stage)))
    expect(new Set(made.map(({ id }) => id)).size).toBe(2)
    const times = made.map(({ times }) => times!).sort((a, b) => a - b)
    expect(times).toEqual(Array.from({ length: 20 }, (_, n) => 1 + Math.floor(n / 2)))
    expect(made[0]).toMatchObject({ poll: 0, voter: stage })
    await expect.poll(async () => (await compareStores(api.stores, Vote)).different, { timeout: 20_000 }).toEqual([])
  })

  test('counts as a table by both values would, whatever comes in whatever order', async () => {
    const votes = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.constantFrom('a', 'A', 'b')), { maxLength: 12 })
    console.log(`seed ${seed}`)
    let round = 0
    await fc.assert(
      fc.asyncProperty(votes, async (given) => {
        round++
        const names = given.map(([poll, voter]) => [poll, `${stage} ${round} ${voter}`] as const)
        const made = await Promise.all(names.map(([poll, voter]) => vote(poll, voter)))
        const counted = new Map<string, number>()
        for (const pair of names) counted.set(JSON.stringify(pair), (counted.get(JSON.stringify(pair)) ?? 0) + 1)
        const highest = new Map<string, number>()
        for (const { poll, voter, times } of made) {
          const pair = JSON.stringify([poll, voter])
          highest.set(pair, Math.max(highest.get(pair) ?? 0, times!))
        }
        expect(highest).toEqual(counted)
      }),
      { numRuns: 8, seed },
    )
  })

  test('is told of another value that is taken', async () => {
    const one = { create: { code: stage }, change: {} }
    await run((tx) => tx.of(Vote).upsert({ poll: 7, voter: stage }, one))
    const other = run((tx) => tx.of(Vote).upsert({ poll: 8, voter: stage }, one))
    await expect(other).rejects.toMatchObject({ code: 'CONFLICT', fields: ['code'] })
  })

  test('finds nobody by null, nor by what means null', async () => {
    for (const voter of [null, undefined, '-'])
      await expect(
        run((tx) => tx.of(Vote).upsert({ poll: 1, voter: voter as string }, { create: {}, change: {} })),
      ).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        message: 'Vote.voter: null is no value to be found by.',
      })
  })

  test('goes by the index of its type in a collection of several', async () => {
    const make = () =>
      write(api.gateway.routing, only(Like), (tx) =>
        tx
          .of(Like)
          .upsert({ person: stage, post: 1 }, { create: { times: 1, kind: 'like' }, change: { times: increment(1) } }),
      )
    const made = await Promise.all([make(), make(), make()])
    expect(new Set(made.map(({ id }) => id)).size).toBe(1)
  })

  const store = stage === 'live' ? 'postgres' : 'mongo'
  test.each([
    [{ poll: 1, times: 2 }, 'poll and times', 'that no index holds'],
    [{ poll: 1, voter: 'x', times: 2 }, 'poll and times and voter', 'one more than an index has'],
    [{ room: 'x', seat: 1 }, 'room and seat', 'of an index over some of the records'],
    [{ room: 'x', times: 1 }, 'room and times', 'of one over those that have another field'],
  ])('is refused by %j: %s, %s', async (key, which, _why) => {
    const given = { create: {}, change: {} }
    await expect(run((tx) => tx.of(Vote).upsert(key as { poll: number }, given))).rejects.toMatchObject({
      code: 'MISCONFIGURED',
      message: `An upsert of Vote needs ${which} to be unique together, and ${store} has no index that says so of all records.`,
    })
  })

  test('is refused without a field, by one that is not unique by itself, and in a transaction', async () => {
    const given = { create: {}, change: {} }
    await expect(run((tx) => tx.of(Vote).upsert({}, given))).rejects.toMatchObject({
      message: 'An upsert of Vote needs a field to go by.',
    })
    await expect(run((tx) => tx.of(Vote).upsert({ poll: 1 }, given))).rejects.toMatchObject({
      message: 'An upsert of Vote needs poll to be unique.',
    })
    // @ts-expect-error the mapping has no such field
    await expect(run((tx) => tx.of(Vote).upsert({ pol: 1, voter: 'x' }, given))).rejects.toThrow('pol')
    const inside = write(api.gateway.routing, together(Vote), (tx) =>
      tx.of(Vote).upsert({ poll: 1, voter: 'x' }, given),
    )
    await expect(inside).rejects.toMatchObject({
      message: 'An upsert of Vote stands in no transaction: leave it out of together().',
    })
  })

  test('by one field is the same as by its path', async () => {
    const given = { create: { times: 1 }, change: { times: increment(1) } }
    const { id } = await run((tx) => tx.of(Vote).upsert({ code: `one ${stage}` }, given))
    expect(await run((tx) => tx.of(Vote).upsert('code', `one ${stage}`, given))).toMatchObject({ id, times: 2 })
  })
})
