import { compositeId, defineEntity, globalIds, idOf, int, list, only, partsOf, text, write } from 'crossfade'
import {
  children,
  connection,
  createBuilder,
  entityType,
  filterType,
  interfaceType,
  node,
  orderType,
  payloadType,
  record,
  reference,
} from 'crossfade/pothos'
import { sql } from 'kysely'
import { type Document, Double, Int32, Long } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { STAGE_PLAN, stages } from '../../src/stage/stage.ts'
import { compareStores } from '../support/compare-stores.ts'
import { openSmallGateway, type SmallGateway } from '../support/small-gateway.ts'

const key = () => compositeId({ store: text(), number: int() })
const Stock = defineEntity('Stock', {
  mongo: 'stocks',
  postgres: 'stocks',
  id: key(),
  fields: {
    name: text().required(),
    store: text().at('_id.store').required().index(),
    number: int().at('_id.number').required(),
    besideId: key().at('beside').references('Stock').index(),
    labels: list(text()).childTable('stock_labels'),
  },
})

const ids = globalIds({ Stock })
const builder = createBuilder()
const Node = interfaceType(builder, 'Node', [Stock])
const StockType = entityType(builder, Stock)
const Shown = entityType(builder, Stock, { name: 'Shown', interfaces: [Node], globalIds: ids, omit: ['besideId'] })
const StockFilter = filterType(builder, Stock, { id: true, store: true, number: true, besideId: true })
const StockOrder = orderType(builder, Stock, { ID: 'id', NUMBER: 'number' })
builder.objectFields(StockType, (t) => ({
  beside: reference(t, Stock, { of: 'besideId' }),
  besides: children(t, Stock, { by: 'besideId' }),
  inStore: children(t, Stock, { by: 'store', of: 'store', order: { number: 'desc' } }),
}))
builder.queryType({
  fields: (t) => ({
    stock: record(t, Stock),
    shown: record(t, Stock, { as: Shown, globalIds: ids }),
    node: node(t, ids, { type: Node }),
    stocks: connection(t, Stock, { filter: StockFilter, orderBy: StockOrder }),
  }),
})
const Payload = payloadType(builder, Stock, 'stock')
const required = { required: true } as const
builder.mutationType({
  fields: (t) => ({
    addStock: t.field({
      type: Payload,
      nullable: false,
      extensions: { writes: only(Stock) },
      args: {
        store: t.arg.string(required),
        number: t.arg.int(required),
        says: t.arg.string({}),
        besideId: t.arg.id({}),
      },
      resolve: (_, { store, number, says, besideId }, context, info) =>
        write(context, info, async (tx) => ({
          stock: await tx
            .of(Stock)
            .create(
              { name: 'new', labels: ['a', 'b'], besideId: besideId ?? null, ...(says ? { store: says } : {}) },
              idOf(Stock, { store, number }),
            ),
        })),
    }),
    renameStock: t.boolean({
      nullable: false,
      extensions: { writes: only(Stock) },
      args: { id: t.arg.id(required), name: t.arg.string({}), store: t.arg.string({}) },
      resolve: (_, { id, name, store }, context, info) =>
        write(
          context,
          info,
          async (tx) =>
            (await tx.of(Stock).patch(id, { ...(name ? { name } : {}), ...(store ? { store } : {}) })) !== null,
        ),
    }),
    removeStock: t.boolean({
      nullable: false,
      extensions: { writes: only(Stock) },
      args: { id: t.arg.id(required) },
      resolve: (_, { id }, context, info) => write(context, info, (tx) => tx.of(Stock).delete(id)),
    }),
  }),
})

// Written down: a text that ends with a NUL, then a biased number of 64 bits
const [low, five, twelve, other] = [
  '7331007ffffffffffffffd',
  '7331008000000000000005',
  '733100800000000000000c',
  '7332008000000000000005',
] // s1/-3, s1/5, s1/12, s2/5
const documents: readonly Document[] = [
  { _id: { store: 's1', number: new Int32(5) }, name: 'nails', labels: ['steel'] },
  { _id: { store: 's1', number: new Double(12) }, name: 'screws', beside: { store: 's1', number: Long.fromNumber(5) } },
  { _id: { store: 's1', number: Long.fromNumber(-3) }, name: 'glue', beside: { store: 's1', number: new Int32(12) } },
  { _id: { store: 's2', number: new Int32(5) }, name: 'nails', beside: { store: 's1', number: new Int32(5) } },
  { _id: { number: new Int32(5), store: 's1' }, name: 'no record' },
  { _id: 's1/5', name: 'no record' },
]

let api: SmallGateway
beforeAll(async () => {
  api = await openSmallGateway(builder.toSchema(), Stock, documents)
})
afterAll(() => api?.close())

const stocks =
  'query ($first: Int, $after: String, $last: Int, $before: String, $filter: StockFilter, $orderBy: [StockOrder!]) {'
const page = `${stocks} stocks(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) { totalCount edges { cursor node { id } } } }`

interface Page {
  readonly data: { readonly stocks: { readonly edges: readonly { cursor: string; node: { id: string } }[] } }
}
const edgesOf = async (variables: object) => ((await api.ask(page, variables)) as Page).data.stocks.edges

/** All pages of one record, one behind the other, or one before the other. */
async function walked(order: 'ASC' | 'DESC', isForward: boolean): Promise<string[]> {
  const found: string[] = []
  for (let cursor: string | null = null; found.length < 10; ) {
    const part = isForward ? { first: 1, after: cursor } : { last: 1, before: cursor }
    const [edge] = await edgesOf({ ...part, orderBy: [{ field: 'ID', direction: order }] })
    if (!edge) break
    found.push(edge.node.id)
    cursor = edge.cursor
  }
  return found
}

/** What a put could not bring at once the next sweep does. */
const expectEqual = (compared: number): Promise<void> =>
  expect.poll(() => compareStores(api.stores, Stock), { timeout: 20_000 }).toEqual({ compared, different: [] })

/** Changes of another program, in the store with authority. */
const others = {
  mongo: async () => {
    const collection = api.stores.mongo.connection.db.collection<Document>('stocks')
    await collection.insertOne({ _id: { store: 's9', number: new Double(40) }, name: 'from outside' } as Document)
    await collection.updateOne({ _id: { store: 's1', number: 5 } } as Document, { $set: { labels: ['steel', 'red'] } })
    await expectEqual(5)
    await collection.deleteOne({ _id: { store: 's9', number: 40 } } as Document)
  },
  postgres: async () => {
    const { connection } = api.stores.postgres
    const id = '7339008000000000000028'
    await connection.run(
      sql`insert into stocks (id, store, number, name, _cf_epoch, _cf_counter) values (${id}, 's9', 40, 'from outside', 0, 0)`,
    )
    await connection.run(sql`update stocks set name = 'nails' where id = ${five}`)
    await expectEqual(5)
    await connection.run(sql`delete from stocks where id = ${id}`)
  },
} as const

describe.each(stages)('Ids that are objects, in %s', (stage) => {
  beforeAll(() => api.setStage(stage))
  const hasMirror = stage !== 'off' && stage !== 'complete'

  test('are IDs in the contract, and their parts what they are', async () => {
    const asked = await api.ask('{ __type(name: "Stock") { fields { name type { name ofType { name } } } } }')
    const fields = [
      { name: 'id', type: { name: null, ofType: { name: 'ID' } } },
      { name: 'store', type: { name: null, ofType: { name: 'String' } } },
      { name: 'number', type: { name: null, ofType: { name: 'Int' } } },
      { name: 'besideId', type: { name: 'ID', ofType: null } },
    ]
    expect(asked).toMatchObject({ data: { __type: { fields: expect.arrayContaining(fields) } } })
  })

  test('lead to records and from them, also by one of their parts', async () => {
    const query = `{ stock(id: "${five}") { id store number beside { id } besides { edges { node { id besideId } } } inStore { edges { node { id number beside { id } } } } } }`
    expect(await api.ask(query)).toEqual({
      data: {
        stock: {
          id: five,
          store: 's1',
          number: 5,
          beside: null,
          besides: { edges: [{ node: { id: twelve, besideId: five } }, { node: { id: other, besideId: five } }] },
          inStore: {
            edges: [
              { node: { id: twelve, number: 12, beside: { id: five } } },
              { node: { id: five, number: 5, beside: null } },
              { node: { id: low, number: -3, beside: { id: twelve } } },
            ],
          },
        },
      },
    })
  })

  test('are none where they are not the digits of such parts', async () => {
    const name = async (id: unknown) => api.ask('query ($id: ID!) { stock(id: $id) { name } }', { id })
    expect(await name(five.toUpperCase())).toEqual({ data: { stock: { name: 'nails' } } })
    expect(await name(idOf(Stock, { store: 's1', number: 6 }))).toEqual({ data: { stock: null } })
    for (const id of ['s1', '', '5', five.slice(2, -2), `${five}00`, '{"store":"s1","number":5}'])
      expect(await name(id)).toMatchObject({
        errors: [
          {
            message: expect.stringContaining(`Stock.id: ${JSON.stringify(id)} is not a valid id`),
            extensions: { code: 'BAD_USER_INPUT' },
          },
        ],
      })
  })

  test('have global ids', async () => {
    const key = 'U3RvY2s6NzMzMTAwODAwMDAwMDAwMDAwMDAwNQ==' // base64 of `Stock:7331008000000000000005`, written down
    expect(await api.ask('query ($id: ID!) { shown(id: $id) { id store } node(id: $id) { id } }', { id: key })).toEqual(
      {
        data: { shown: { id: key, store: 's1' }, node: { id: key } },
      },
    )
    const none = Buffer.from('Stock:7331').toString('base64')
    expect(await api.ask('query ($id: ID!) { node(id: $id) { id } }', { id: none })).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    })
  })

  test('order pages in both directions, and are filtered by, as are their parts', async () => {
    const all = [low, five, twelve, other]
    expect(await walked('ASC', true)).toEqual(all)
    expect(await walked('ASC', false)).toEqual(all.toReversed())
    expect(await walked('DESC', true)).toEqual(all.toReversed())
    const among = async (filter: object) => (await edgesOf({ filter })).map(({ node }) => node.id)
    expect(await among({ id: { in: [other, low, idOf(Stock, { store: 's3', number: 5 })] } })).toEqual([low, other])
    expect(await among({ store: { eq: 's1' }, number: { gt: 0 } })).toEqual([five, twelve])
    expect(await among({ besideId: { eq: five } })).toEqual([twelve, other])
    expect(await api.ask('{ stocks { totalCount } }')).toEqual({ data: { stocks: { totalCount: 4 } } })
  })

  test('are those of the mirror, and are buried with their records', async () => {
    const id = idOf(Stock, { store: 'ß', number: -40 })
    const added = await api.ask(
      'mutation ($in: ID) { addStock(store: "ß", number: -40, besideId: $in) { stock { id store number labels beside { id } } } }',
      { in: five },
    )
    const stock = { id, store: 'ß', number: -40, labels: ['a', 'b'], beside: { id: five } }
    expect(added).toEqual({ data: { addStock: { stock } } })
    const rename = 'mutation ($id: ID!, $name: String!) { renameStock(id: $id, name: $name) }'
    for (const each of [id, low, twelve])
      expect(await api.ask(rename, { id: each, name: `${partsOf(Stock, each).number} in ${stage}` })).toEqual({
        data: { renameStock: true },
      })
    if (hasMirror) await expectEqual(5)
    expect(await api.ask('mutation ($id: ID!) { removeStock(id: $id) }', { id })).toEqual({
      data: { removeStock: true },
    })
    if (hasMirror) await expectEqual(4)
    expect(
      await api.ask(
        `{ a: stock(id: "${id}") { id } b: stock(id: "${twelve}") { name } c: stock(id: "${low}") { name } }`,
      ),
    ).toEqual({ data: { a: null, b: { name: `12 in ${stage}` }, c: { name: `-3 in ${stage}` } } })
  })

  test('are what says their parts: a record that says others is refused', async () => {
    expect(await api.ask('mutation { addStock(store: "s1", number: 7, says: "s2") { stock { id } } }')).toMatchObject({
      errors: [{ message: 'Stock.store is "s2", and "s1" in the id.', extensions: { code: 'BAD_USER_INPUT' } }],
    })
    expect(await api.ask(`mutation { renameStock(id: "${five}", store: "s2") }`)).toMatchObject({
      errors: [
        {
          message: 'Stock.store is a part of the id, which never changes.',
          extensions: { code: 'BAD_USER_INPUT' },
        },
      ],
    })
    expect(await api.ask('{ stocks { totalCount } }')).toEqual({ data: { stocks: { totalCount: 4 } } })
  })

  test.runIf(hasMirror)('are told from one another where other programs write', async () => {
    await others[STAGE_PLAN[stage].authority]()
    await expectEqual(4)
  })
})
