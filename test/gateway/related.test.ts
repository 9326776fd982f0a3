import { defineEntity, embed, enumeration, int, json, list, text } from 'crossfade'
import { children, connection, createBuilder, entityType, filterType, reference } from 'crossfade/pothos'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Owner = defineEntity('Owner', {
  mongo: 'owners',
  postgres: 'owners',
  id: int(),
  fields: { attrs: json({ city: text(), rank: int() }), word: text(), home: embed({ town: text() }) },
})
const Item = defineEntity('Item', {
  mongo: 'items',
  postgres: 'items',
  id: int(),
  fields: {
    city: text(),
    rank: int(),
    status: enumeration(['draft', 'sent', 'Öffen']),
    lines: list(embed({ id: int().at('_id'), n: int() })),
  },
})

const builder = createBuilder()
const OwnerType = entityType(builder, Owner, { embeds: { home: 'Home' } })
entityType(builder, Item, { embeds: { lines: 'Line' } })
const ItemFilter = filterType(builder, Item, {
  status: true,
  lines: { path: 'lines', members: { id: true } },
})
builder.queryType({
  fields: (t) => ({ owners: connection(t, Owner), items: connection(t, Item, { filter: ItemFilter }) }),
})
builder.objectFields(OwnerType, (t) => ({
  byCity: children(t, Item, { by: 'city', of: 'attrs.city' }),
  byTown: children(t, Item, { by: 'city', of: 'home.town' }),
  byRank: reference(t, Item, { by: 'rank', of: 'attrs.rank' }),
  byStatus: children(t, Item, { by: 'status', of: 'word' }),
}))
const schema = builder.toSchema()

const owners = [
  { _id: 1, attrs: { city: 'Hoorn', rank: 1 }, word: 'sent', home: { town: 'Hoorn' } },
  { _id: 2, attrs: { city: 5, rank: 'one' }, word: 'lost', home: {} },
  { _id: 3, attrs: { city: ['Hoorn'], rank: 99_999_999_999 }, word: null },
  { _id: 4, attrs: 'text' },
]
const items = [
  { _id: 1, city: 'Hoorn', rank: 1, status: 'sent', lines: [{ _id: 5, n: 1 }] },
  { _id: 2, city: 'Hoorn', rank: 1, status: 'draft', lines: [] },
  { _id: 3, city: 'Edam', rank: 2, status: 'Öffen', lines: [{ _id: 6 }] },
]

let api: SmallGateway
const mismatches: unknown[] = []
beforeAll(async () => {
  const config = { schema, entities: [Owner, Item], migrations: {} }
  const documents = new Map<typeof Owner | typeof Item, object[]>([
    [Owner, owners],
    [Item, items],
  ])
  api = await openAppGateway(config, documents as never, { onMismatch: (mismatch) => mismatches.push(mismatch) })
})
afterAll(() => api?.close())

describe.each(['shadow', 'live'] as const)('in %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  test('a key that stands inside of json or of an object, and is of another kind, leads nowhere', async () => {
    const query = '{ owners { edges { node { byCity { totalCount } byTown { totalCount } byRank { id } } } } }'
    const none = { byCity: { totalCount: 0 }, byTown: { totalCount: 0 }, byRank: null }
    expect(await api.ask(query)).toEqual({
      data: {
        owners: {
          edges: [
            { node: { byCity: { totalCount: 2 }, byTown: { totalCount: 2 }, byRank: { id: '1' } } },
            { node: none },
            { node: none },
            { node: none },
          ],
        },
      },
    })
  })

  test('so does a text that is none of the texts of the enumeration', async () => {
    expect(await api.ask('{ owners { edges { node { byStatus { totalCount } } } } }')).toEqual({
      data: {
        owners: { edges: [1, 0, 0, 0].map((totalCount) => ({ node: { byStatus: { totalCount } } })) },
      },
    })
  })

  test.each([
    ['{ contains: "en" }', ['1', '3']],
    ['{ startsWith: "s" }', ['1']],
    ['{ lt: "e" }', ['2']],
    ['{ eq: "SENT", insensitive: true }', ['1']],
    ['{ in: ["öffen", "x"], insensitive: true }', ['3']],
  ])('an enumeration is asked like any text: %s', async (test, ids) => {
    const query = `{ items(filter: { status: ${test} }) { edges { node { id } } } }`
    expect(await api.ask(query)).toEqual({ data: { items: { edges: ids.map((id) => ({ node: { id } })) } } })
  })

  test('what is no text of it is still refused where equality is asked', async () => {
    expect(await api.ask('{ items(filter: { status: { eq: "lost" } }) { totalCount } }')).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    })
  })

  test('the id of an object in a list is a value of its kind, and no ID', async () => {
    const query = '{ items(filter: { lines: { some: { id: { gte: 6 } } } }) { edges { node { id lines { id } } } } }'
    expect(await api.ask(query)).toEqual({ data: { items: { edges: [{ node: { id: '3', lines: [{ id: 6 }] } }] } } })
  })
})

test('both stores answered alike', () => expect(mismatches).toEqual([]))
