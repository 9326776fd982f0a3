import { append, defineEntity, embed, int, list, only, text, write } from 'crossfade'
import { connection, createBuilder, entityType, filterType } from 'crossfade/pothos'
import { printType } from 'graphql'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fieldSet } from '../../src/entity/field-set.ts'
import { prepare } from '../../src/stores/postgres/prepared.ts'
import { columnsOf } from '../../src/stores/postgres/select.ts'
import { observeQueries, type Seen } from '../support/observe-queries.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'

const Basket = defineEntity('Basket', {
  mongo: 'baskets',
  postgres: 'baskets',
  id: int(),
  fields: {
    lines: list(embed({ sku: text(), pieces: int(), gift: embed({ note: text().sensitive() }) })),
    notes: list(embed({ by: text() })).required(),
  },
})

const builder = createBuilder()
const BasketType = entityType(builder, Basket, { embeds: { lines: 'Line', 'lines.gift': 'Gift' }, omit: ['notes'] })
const BasketFilter = filterType(builder, Basket, {
  lines: { path: 'lines', members: { sku: true, pieces: true, note: 'gift.note' } },
})
builder.queryType({ fields: (t) => ({ baskets: connection(t, Basket, { filter: BasketFilter }) }) })
builder.mutationType({
  fields: (t) => ({
    addLine: t.field({
      type: BasketType,
      extensions: { writes: only(Basket) },
      args: { id: t.arg.int({ required: true }), sku: t.arg.string({ required: true }) },
      resolve: (_, { id, sku }, context, info) =>
        write(context, info, (tx) => tx.of(Basket).patch(id, { lines: append({ sku }) })),
    }),
  }),
})
const schema = builder.toSchema()

const documents = [
  { _id: 1, notes: [], lines: [{ sku: 'a', pieces: 2, gift: { note: 'Hi' } }, { sku: 'b' }] },
  { _id: 2, notes: [], lines: [] },
  { _id: 3, notes: [] },
  { _id: 4, notes: [], lines: [{ sku: 'c' }] },
]

let api: SmallGateway
let seen: Seen[]
beforeAll(async () => {
  api = await openSmallGateway(schema, Basket, documents as never)
  seen = observeQueries(api.stores)
})
afterAll(() => api.close())

const found = `query ($filter: BasketFilter) { baskets(filter: $filter) { edges { node { id } } } }`
const ids = (...wanted: string[]) => ({ data: { baskets: { edges: wanted.map((id) => ({ node: { id } })) } } })

test('a list of objects is a list of its type, which may be null but holds no nulls', () => {
  expect(printType(schema.getType('Basket')!)).toBe('type Basket {\n  id: ID!\n  lines: [Line!]\n}')
  expect(printType(schema.getType('Line')!)).toBe('type Line {\n  gift: Gift\n  pieces: Int\n  sku: String\n}')
})

test('members that are not selected are not read', async () => {
  seen.length = 0
  await api.ask('{ baskets { edges { node { lines { pieces } } } } }')
  expect(seen.filter(({ from }) => from === 'baskets')[0]).toEqual({ from: 'baskets', fields: ['lines.pieces'] })
  for (const list of [Basket.fields.lines, Basket.fields.lines.childTable('lines')]) {
    const entity = defineEntity('Basket', { mongo: 'b', postgres: 'b', id: int(), fields: { lines: list } })
    const { text } = prepare(sql`select ${columnsOf(fieldSet(entity, ['lines.pieces']))}`)
    expect(text).toContain('"pieces"')
    expect(text).not.toContain('sku')
  }
})

describe.each(['shadow', 'live'] as const)('in %s', (stage) => {
  beforeAll(async () => {
    if (stage === 'live') await api.setStage(stage)
  })

  test('objects are shown, and compared', async () => {
    await api.gateway.routing.shadow.idle()
    const statistics = api.gateway.routing.shadow.statistics.of('Basket')
    const before = statistics.matched
    const answer = await api.ask('{ baskets { edges { node { id lines { sku gift { note } } } } } }')
    const { edges } = (answer as { data: { baskets: { edges: unknown[] } } }).data.baskets
    const lines = [
      { sku: 'a', gift: { note: 'Hi' } },
      { sku: 'b', gift: null },
    ]
    expect(edges.slice(0, 3)).toEqual([
      { node: { id: '1', lines } },
      { node: { id: '2', lines: [] } },
      { node: { id: '3', lines: null } },
    ])
    await api.gateway.routing.shadow.idle()
    expect(statistics.matched).toBe(before + 1)
    expect(statistics.diverged).toBe(0)
  })

  test.each([
    [{ some: { sku: { eq: 'a' }, pieces: { gte: 2 } } }, ids('1')],
    [{ some: { sku: { eq: 'b' }, pieces: { gte: 2 } } }, ids()],
    [{ some: { note: { contains: 'i' } } }, ids('1')],
    [{ every: { sku: { ne: 'c' } } }, ids('1', '2', '3')],
    [{ none: { sku: { eq: 'b' } } }, ids('2', '3', '4')],
    [{ isEmpty: true }, ids('2')],
    [{ isNull: true }, ids('3')],
    [{ isNull: false, some: null }, ids('1', '2', '4')],
    [{ some: {}, none: { sku: { eq: 'c' } } }, ids('1')],
  ])('%o', async (lines, expected) => {
    expect(await api.ask(found, { filter: { lines } })).toEqual(expected)
  })

  test('a mutation appends, in both stores', async () => {
    const sku = `from ${stage}`
    const answer = await api.ask('mutation ($sku: String!) { addLine(id: 4, sku: $sku) { lines { sku pieces } } }', {
      sku,
    })
    expect(answer).toMatchObject({ data: { addLine: { lines: expect.arrayContaining([{ sku, pieces: null }]) } } })
    const lastIn = async (origin: 'mongo' | 'postgres'): Promise<string> => {
      const [image] = await api.stores[origin].outbox.images(Basket, [4])
      return (image!.record!['lines'] as { sku: string }[]).at(-1)!.sku
    }
    // The reply waits for the mirror for a moment alone
    for (const origin of ['mongo', 'postgres'] as const)
      await expect.poll(() => lastIn(origin), { timeout: 20_000 }).toBe(sku)
  })
})
