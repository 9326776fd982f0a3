import { defineEntity, objectId, text } from 'crossfade'
import { ObjectId } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { everything } from '../../src/query/where.ts'
import type { Reader } from '../../src/stores/store.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { openStores } from '../support/stores.ts'

let api: TestGateway
beforeAll(async () => {
  api = await openGateway(3)
})
afterAll(() => api.close())

/** Names each call of a reader when it is made, and when it is answered. */
function watch(reader: Reader): { readonly seen: string[]; readonly stop: () => void } {
  const seen: string[] = []
  const real = { ...reader }
  for (const name of ['query', 'queryPer', 'count', 'countPer'] as const) {
    Object.assign(reader, {
      async [name](...args: never[]) {
        seen.push(name)
        const answer = await (real[name] as (...args: never[]) => Promise<unknown>)(...args)
        seen.push(`${name} answered`)
        return answer
      },
    })
  }
  return { seen, stop: () => void Object.assign(reader, real) }
}

test('a count is asked for beside its page, for lists and for the children of all parents', async () => {
  const { seen, stop } = watch(api.stores.mongo.reader)
  await api.ask(
    '{ movies(first: 2) { totalCount edges { node { comments(first: 1) { totalCount edges { node { id } } } } } } }',
  )
  stop()
  expect(seen.slice(0, 2).sort()).toEqual(['count', 'query'])
  const children = seen.filter((name) => name.includes('Per'))
  expect(children.slice(0, 2).sort()).toEqual(['countPer', 'queryPer'])
  expect(children).toHaveLength(4)
})

test('a count that is not selected is not asked for, and one under another name is once', async () => {
  const { seen, stop } = watch(api.stores.mongo.reader)
  await api.ask(
    'query ($no: Boolean = false) { movies(first: 2) { totalCount @include(if: $no) edges { node { id } } } }',
  )
  expect(seen).toEqual(['query', 'query answered'])
  seen.length = 0
  await api.ask('{ movies(first: 2) { all: totalCount again: totalCount edges { node { id } } } }')
  stop()
  expect(seen.filter((name) => name === 'count')).toHaveLength(1)
})

test('a page whose cursor is refused says so, with its count selected', async () => {
  const answer = await api.ask('{ movies(first: 2, after: "x") { totalCount edges { node { id } } } }')
  expect(answer).toContain('The cursor is not one of this API')
})

test('a page whose arguments differ from parent to parent is planned for each', async () => {
  const ask = (first: number) =>
    `{ movies(first: 2) { edges { node { comments(first: ${first}) { edges { node { id } } } } } } }`
  const lengths = async (first: number): Promise<number[]> => {
    const { data } = JSON.parse(await api.ask(ask(first)))
    return data.movies.edges.map(({ node }: { node: { comments: { edges: unknown[] } } }) => node.comments.edges.length)
  }
  expect(Math.max(...(await lengths(1)))).toBe(1)
  expect(Math.max(...(await lengths(0)))).toBe(0)
  const text =
    'query ($n: Int) { movies(first: 2) { edges { node { comments(first: $n) { edges { node { id } } } } } } }'
  for (const n of [1, 0, 1]) {
    const { data } = JSON.parse(await api.ask(text, { n }))
    for (const { node } of data.movies.edges) expect(node.comments.edges.length).toBeLessThanOrEqual(n)
  }
})

test('all records are counted, and no document that has none', async () => {
  const Coin = defineEntity('Coin', { mongo: 'coins', postgres: 'coins', id: objectId(), fields: { name: text() } })
  const stores = await openStores([Coin])
  try {
    const coins = stores.mongo.connection.collection(Coin)
    expect(await stores.mongo.reader.count(Coin, everything)).toBe(0)
    const id = (n: number) => new ObjectId(n.toString(16).padStart(24, 'f'))
    await coins.insertMany([
      { _id: new ObjectId('0'.repeat(24)) },
      { _id: id(1), _cf: { epoch: 1, at: 1, n: 0 } },
      { _id: id(2), _cf: null },
      { _id: id(3), _cf: { deleted: null } },
      { _id: id(4), _cf: { epoch: 1, at: 1, n: 0, deleted: true } },
      { _id: id(5), _cf: { deleted: 'by hand' } },
      { _id: id(6), _cf: { epoch: 1, at: 1, n: 0, arriving: new Date() } },
      { _id: id(7), _cf: { epoch: 1, at: 1, n: 0, arriving: new Date(), deleted: true } },
      { _id: 'text' },
      { _id: 7 },
      { _id: 'marked', _cf: { deleted: true } },
    ] as never[])
    expect(await stores.mongo.reader.count(Coin, everything)).toBe(4)
    expect(await stores.mongo.reader.count(Coin, { op: 'not', of: { op: 'eq', path: 'name', value: 'x' } })).toBe(4)
  } finally {
    await stores.close()
  }
})
