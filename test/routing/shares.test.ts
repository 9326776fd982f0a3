import { type ByHand, defineEntity, int, only, text, together } from 'crossfade'
import { createBuilder, entityType } from 'crossfade/pothos'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMongoIndex } from '../../src/demo/sample.ts'
import { ensureConstraints } from '../../src/jobs/ensure-constraints.ts'
import { write } from '../../src/routing/writes.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const counted = (name: string, place: string) =>
  defineEntity(name, { mongo: place, postgres: place, id: text(), fields: { count: int(), code: text().unique() } })
const Vote = counted('Vote', 'votes')
const Note = counted('Note', 'notes')

const builder = createBuilder()
const type = entityType(builder, Vote)
entityType(builder, Note)
builder.queryType({ fields: (t) => ({ none: t.field({ type, resolve: () => null }) }) })

let api: SmallGateway
beforeAll(async () => {
  api = await openAppGateway({ schema: builder.toSchema(), entities: [Vote, Note], migrations: {} }, new Map())
  await createMongoIndex(api.stores.mongo.connection, 'votes', { code: 1 }, true)
  await ensureConstraints(api.stores, [Vote])
  await api.setStage('live')
}, 60_000)
afterAll(() => api?.close())

const byHand = (id: string): ByHand<unknown> => ({
  mongo: () => Promise.reject(new Error('PostgreSQL has authority')),
  postgres: ({ sql, run }) => run(sql`update votes set count = 1 where id = ${id}`),
})

test.each(['alone', 'together', 'by hand'] as const)(
  'writes of one table, %s, that wait for a lock leave others a connection',
  async (how) => {
    const { routing } = api.gateway
    const { connection } = api.stores.postgres
    const ids = Array.from({ length: 30 }, (_, n) => `${how} ${n}`)
    await write(routing, only(Vote), async (tx) => {
      for (const id of ids) await tx.of(Vote).create({ count: 0, code: id }, id)
    })
    const declared = how === 'together' ? together(Vote) : only(Vote)
    const one = (id: string) =>
      write<unknown>(routing, declared, (tx) =>
        how === 'by hand' ? tx.byHand(Vote, byHand(id)) : tx.of(Vote).patch(id, { count: 1 }),
      )
    const client = await connection.connect()
    await client.query('begin; lock table votes in share mode')
    const waiting = Promise.allSettled(ids.map(one))
    const locked = () => connection.run(sql`select from pg_locks where not granted and relation = 'votes'::regclass`)
    try {
      await expect.poll(async () => (await locked()).length, { interval: 20, timeout: 20_000 }).toBe(9)
      const note = await write(routing, only(Note), (tx) => tx.of(Note).create({ count: 1 }, how))
      expect(note).toMatchObject({ id: how, count: 1 })
      expect(await locked()).toHaveLength(9)
    } finally {
      await client.query('rollback')
      client.release()
      await waiting
    }
    const changed = await connection.run(sql`select from votes where count = 1 and id = any(${ids}::text[])`)
    expect(changed).toHaveLength(30)
  },
)

test('what a mutation reads before it writes takes no connection of reads, or of the mirror', async () => {
  const { routing } = api.gateway
  const { connection, puts } = api.stores.postgres
  await write(routing, only(Note), (tx) => tx.of(Note).create({ count: 1 }, 'read'))
  const all = [connection, puts].flatMap(({ pool }) => Array.from({ length: pool.options.max! }, () => pool.connect()))
  const clients = await Promise.all(all)
  const more = write(routing, only(Note), (tx) => tx.of(Note).update('read', ({ count }) => ({ count: count! + 1 })))
  try {
    expect(await more).toMatchObject({ id: 'read', count: 2 })
  } finally {
    for (const client of clients) client.release()
  }
})

const twenty = <T>(work: (n: number) => Promise<T>) =>
  Promise.allSettled(Array.from({ length: 20 }, (_, n) => work(n))).then((all) =>
    all.map((each) => (each.status === 'fulfilled' ? each.value : each.reason)),
  )

test('twenty transactions at once are each told of the value that is taken', async () => {
  const { routing } = api.gateway
  await write(routing, only(Vote), (tx) => tx.of(Vote).create({ code: 'taken' }, 'first'))
  const told = await twenty((n) =>
    write(routing, together(Vote), (tx) => tx.of(Vote).create({ code: 'taken' }, `late ${n}`)),
  )
  const conflict = { code: 'CONFLICT', message: 'A record with this code exists already.' }
  expect(told).toEqual(Array(20).fill(expect.objectContaining(conflict)))
})

test('twenty transactions at once, each with another write inside, are all carried out', async () => {
  const { routing } = api.gateway
  const told = await twenty((n) =>
    write(routing, together(Vote), async (tx) => {
      await tx.of(Vote).create({ code: `outer ${n}` }, `outer ${n}`)
      return write(routing, only(Note), (inner) => inner.of(Note).create({ count: n }, `inner ${n}`))
    }),
  )
  expect(told).toEqual(Array.from({ length: 20 }, (_, n) => expect.objectContaining({ id: `inner ${n}`, count: n })))
})
