import { defineEntity, int, load, text } from 'crossfade'
import { children, connection, createBuilder, entityType, reference } from 'crossfade/pothos'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'

const Owner = defineEntity('Owner', { mongo: 'owners', postgres: 'owners', id: int(), fields: { name: text() } })
const Item = defineEntity('Item', { mongo: 'items', postgres: 'items', id: int(), fields: { ownerId: int() } })

const builder = createBuilder()
const OwnerType = entityType(builder, Owner)
const ItemType = entityType(builder, Item)
builder.queryType({
  fields: (t) => ({
    owners: connection(t, Owner),
    items: connection(t, Item),
    owner: t.field({
      type: OwnerType,
      args: { id: t.arg.int({ required: true }) },
      resolve: (_, { id }, context, info) => load(context, info, Owner, id),
    }),
  }),
})
builder.objectFields(OwnerType, (t) => ({ items: children(t, Item, { by: 'ownerId' }) }))
builder.objectFields(ItemType, (t) => ({ owner: reference(t, Owner, { by: 'id', of: 'ownerId' }) }))
const schema = builder.toSchema()

interface Answer {
  readonly data: Readonly<Record<string, unknown>> | null
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[]
}

/** Objects of an answer that have an id. */
function recordsIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const below = Object.values(value).reduce((sum: number, each) => sum + recordsIn(each), 0)
  return below + ('id' in value ? 1 : 0)
}

const told = 'The request asks for more than 1000 records (limits.records). Ask for less, or in several requests.'

// The first as the limits are where nothing but `records` stands between a query and its answer
describe.each([
  ['where limits are only reported', { records: 1_000, reportOnly: true }],
  [
    'where the cost lets it pass',
    { records: 1_000, depth: 100, nodes: Number.MAX_SAFE_INTEGER, cost: Number.MAX_SAFE_INTEGER },
  ],
])('records count for each place of the answer, %s', (_, limits) => {
  let api: SmallGateway
  beforeAll(async () => {
    api = await openAppGateway(
      { schema, entities: [Owner, Item], migrations: {}, limits },
      new Map<typeof Owner | typeof Item, { _id: number }[]>([
        [Owner, [{ _id: 1 }, { _id: 2 }]],
        [Item, Array.from({ length: 40 }, (_, n) => ({ _id: n + 1, ownerId: 1 }))],
      ]) as never,
    )
  })
  afterAll(() => api?.close())
  const ask = async (query: string) => (await api.ask(query)) as Answer

  test('a page of one parent, and one record of each of it, are counted once', async () => {
    // 2 owners, 40 items, 40 owners, 40 times 20 items: 882
    const query = `{ owners(first: 2) { edges { node { id items(first: 50) { edges { node { id
      owner { id items(first: 20) { edges { node { id } } } } } } } } } } }`
    const { data, errors } = await ask(query)
    expect(errors).toBeUndefined()
    expect(recordsIn(data)).toBe(882)
  })

  test.each([
    [
      'pages',
      '{ owner(id: 1) { items(first: 50) { edges { node { owner { items(first: 30) { edges { node { id } } } } } } } } }',
    ],
    [
      'references',
      `{ owner(id: 1) { items(first: 50) { edges { node { ${Array.from({ length: 30 }, (_, n) => `a${n}: owner { id }`)} } } } } }`,
    ],
    [
      'counts',
      `{ owner(id: 1) { items(first: 50) { edges { node { owner { ${Array.from({ length: 30 }, (_, n) => `a${n}: items { totalCount }`)} } } } } } }`,
    ],
  ])('%s that were read once count for each parent', async (_, query) => {
    const { errors } = await ask(query)
    expect(new Set(errors?.map(({ message, extensions }) => [message, extensions.code].join()))).toEqual(
      new Set([`${told},BAD_USER_INPUT`]),
    )
  })

  test('six levels of pages over few records end within the limit', async () => {
    let below = 'id'
    for (let level = 0; level < 5; level++) below = `id owner { id items(first: 100) { edges { node { ${below} } } } }`
    const { data, errors } = await ask(`{ items(first: 40) { edges { node { ${below} } } } }`)
    expect(errors).toEqual([{ message: told, extensions: { code: 'BAD_USER_INPUT' } }])
    expect(data).toBeNull()
  })
})
