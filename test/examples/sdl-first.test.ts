import { Decimal128, type Document, Long, ObjectId } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import config from '../../examples/sdl-first/crossfade.config.ts'
import { Guide, Offer, Product, Review } from '../../examples/sdl-first/entities.ts'
import type { Entity } from '../../src/entity/entity.ts'
import { contractOrders } from '../../src/resolve/contract-orders.ts'
import { stages } from '../../src/stage/stage.ts'
import type { Mismatch } from '../../src/stores/findings.ts'
import { migrateUp } from '../../src/stores/postgres/migrate.ts'
import { schemaDrift } from '../../src/stores/postgres/schema-diff.ts'
import { validateChecks } from '../../src/stores/postgres/validate-checks.ts'
import { openAppGateway, type SmallGateway } from '../support/small-gateway.ts'
import { openStores } from '../support/stores.ts'

const id = (n: number): ObjectId => new ObjectId(String(n).padStart(24, '0'))
const products = [
  {
    _id: id(1),
    sku: 'L-1',
    name: 'Lamp',
    brand: 'Lux',
    price: Decimal128.fromString('19.90'),
    tags: ['light', 'desk'],
    size: { w: 20, h: 45.5 },
    attributes: { bulb: { watts: 7 } },
    sold: Long.fromString('9007199254740993'),
    added_at: new Date('2024-03-01T10:00:00Z'),
  },
  {
    _id: id(2),
    sku: 'C-1',
    name: 'Chair',
    price: Decimal128.fromString('149'),
    tags: ['oak'],
    added_at: new Date('2024-01-05T08:30:00.250Z'),
  },
  { _id: id(3), sku: 'D-1', name: 'Desk', brand: 'Oakley', added_at: new Date('2023-11-11T11:11:11Z') },
]
const reviews = [
  { _id: id(11), product: id(1), stars: 5, text: 'Bright.', written_at: new Date('2024-04-01T00:00:00Z') },
  { _id: id(12), product: id(1), stars: 2, written_at: new Date('2024-04-03T00:00:00Z') },
  { _id: id(13), product: id(1), stars: 4, text: 'Fine.', written_at: new Date('2024-04-02T00:00:00Z') },
]
const guides = [
  {
    _id: id(21),
    kind: 'guide',
    title: 'Light at work',
    published_at: new Date('2024-05-01T09:00:00Z'),
    product: id(1),
    minutes: 4,
  },
  {
    _id: id(23),
    kind: 'guide',
    title: 'Oak for life',
    published_at: new Date('2024-05-03T09:00:00Z'),
    product: id(2),
  },
]
const offers = [
  {
    _id: id(22),
    kind: 'offer',
    title: 'Lamps for less',
    published_at: new Date('2024-05-02T09:00:00Z'),
    product: id(1),
    price: Decimal128.fromString('15.50'),
    until: new Date('2024-06-01T00:00:00Z'),
  },
  { _id: id(24), kind: 'offer', title: 'Spring sale', published_at: new Date('2024-05-03T09:00:00Z') },
]
/** Of a kind that the contract does not know. */
const job = { _id: id(25), kind: 'job', title: 'We hire', published_at: new Date('2024-05-09T09:00:00Z') }

const reported: Mismatch[] = []
let api: SmallGateway
beforeAll(async () => {
  const documents = new Map<Entity, readonly Document[]>([
    [Product, products],
    [Review, reviews],
    [Guide, [...guides, job]],
    [Offer, offers],
  ])
  api = await openAppGateway(config, documents, { onMismatch: (mismatch) => reported.push(mismatch) })
})
afterAll(() => api?.close())

// PostgreSQL answers, MongoDB is compared; then the other way round
describe.each(['live', 'shadow'] as const)('an API from an SDL, with its types in %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  test('shows every kind of value under the names of the contract', async () => {
    const query = `{ product(id: "${id(1)}") { sku name label price tags size { height width } attributes sold addedAt } }`
    expect(await api.ask(query)).toEqual({
      data: {
        product: {
          sku: 'L-1',
          name: 'Lamp',
          label: 'Lux Lamp',
          price: '19.90',
          tags: ['light', 'desk'],
          size: { height: 45.5, width: 20 },
          attributes: { bulb: { watts: 7 } },
          sold: '9007199254740993',
          addedAt: '2024-03-01T10:00:00.000Z',
        },
      },
    })
  })

  test('reads for a computed field what it says that it needs', async () => {
    expect(
      await api.ask('{ chair: productBySku(sku: "C-1") { label } desk: productBySku(sku: "D-1") { label } }'),
    ).toEqual({ data: { chair: { label: 'Chair' }, desk: { label: 'Oakley Desk' } } })
  })

  test('filters, orders and pages a connection', async () => {
    const query = `query ($filter: ProductFilter, $orderBy: [ProductOrder!], $first: Int, $after: String) {
      products(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
        edges { node { sku } } pageInfo { hasNextPage endCursor } totalCount } }`
    type Reply = { data: { products: { edges: unknown[]; pageInfo: { hasNextPage: boolean; endCursor: string } } } }
    const orderBy = [{ field: 'PRICE' }]
    const first = (await api.ask(query, { orderBy, first: 2 })) as Reply
    const { endCursor } = first.data.products.pageInfo
    expect(first.data.products).toEqual({
      edges: [{ node: { sku: 'D-1' } }, { node: { sku: 'L-1' } }],
      pageInfo: { hasNextPage: true, endCursor },
      totalCount: 3,
    })
    const second = (await api.ask(query, { orderBy, first: 2, after: endCursor })) as Reply
    expect(second.data.products.edges).toEqual([{ node: { sku: 'C-1' } }])
    const filter = {
      or: [{ price: { gte: '100' } }, { tags: { hasSome: ['desk'] } }],
      addedAt: { lt: '2024-02-01T00:00:00Z' },
    }
    const filtered = (await api.ask(query, { filter })) as Reply
    expect(filtered.data.products).toMatchObject({ edges: [{ node: { sku: 'C-1' } }], totalCount: 1 })
    const byName = (await api.ask(query, {
      filter: { name: { contains: 'D', insensitive: true } },
      orderBy: [{ field: 'NAME', direction: 'DESC' }],
    })) as Reply
    expect(byName.data.products).toMatchObject({ edges: [{ node: { sku: 'D-1' } }], totalCount: 1 })
  })

  test('shows a list without pages', async () => {
    expect(await api.ask('{ newestProducts(first: 2) { name label } }')).toEqual({
      data: {
        newestProducts: [
          { name: 'Lamp', label: 'Lux Lamp' },
          { name: 'Chair', label: 'Chair' },
        ],
      },
    })
  })

  test('shows the records of a parent as nodes, and the parent of each', async () => {
    const query = `{ products(orderBy: [{ field: ADDED_AT, direction: DESC }], first: 2) { edges { node {
      sku reviews(first: 2) { nodes { stars text product { label } } pageInfo { hasNextPage } totalCount } } } } }`
    expect(await api.ask(query)).toEqual({
      data: {
        products: {
          edges: [
            {
              node: {
                sku: 'L-1',
                reviews: {
                  nodes: [
                    { stars: 2, text: null, product: { label: 'Lux Lamp' } },
                    { stars: 4, text: 'Fine.', product: { label: 'Lux Lamp' } },
                  ],
                  pageInfo: { hasNextPage: true },
                  totalCount: 3,
                },
              },
            },
            { node: { sku: 'C-1', reviews: { nodes: [], pageInfo: { hasNextPage: false }, totalCount: 0 } } },
          ],
        },
      },
    })
  })

  test('says what is wrong with a value', async () => {
    expect(await api.ask('{ products(filter: { addedAt: { lt: "yesterday" } }) { totalCount } }')).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    })
  })

  test('writes both stores, and shows what was written', async () => {
    const price = { live: '155.5', shadow: '149' }[stage]
    const set = await api.ask(`mutation { setPrice(id: "${id(2)}", price: "${price}") { sku label price } }`)
    expect(set).toEqual({ data: { setPrice: { sku: 'C-1', label: 'Chair', price } } })
    const none = await api.ask(`mutation { setPrice(id: "${id(9)}", price: "1") { sku } }`)
    expect(none).toEqual({ data: { setPrice: null } })
    const input = { productId: String(id(3)), stars: 3, text: `Written in ${stage}.` }
    const add = 'mutation ($input: ReviewInput!) { addReview(input: $input) { stars text product { name } } }'
    expect(await api.ask(add, { input })).toEqual({
      data: { addReview: { stars: 3, text: `Written in ${stage}.`, product: { name: 'Desk' } } },
    })
    expect(await api.ask(`{ product(id: "${id(3)}") { reviews(first: 1) { nodes { text } } } }`)).toEqual({
      data: { product: { reviews: { nodes: [{ text: `Written in ${stage}.` }] } } },
    })
    expect(await api.ask(add, { input: { ...input, stars: 6 } })).toMatchObject({
      errors: [{ message: 'stars must be between 1 and 5, got 6.', extensions: { code: 'BAD_USER_INPUT' } }],
    })
  })
})

describe.each(stages)('two types of one collection, in %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  test('stand in one list, as an interface', async () => {
    const query = `query ($after: String) { stories(first: 3, after: $after) { totalCount pageInfo { hasNextPage endCursor }
      nodes { __typename title publishedAt product { name } ... on Guide { minutes } ... on Offer { price until } } } }`
    interface Reply {
      readonly data: { readonly stories: { readonly pageInfo: { readonly endCursor: string } } }
    }
    const first = (await api.ask(query)) as Reply
    const { endCursor } = first.data.stories.pageInfo
    expect(first).toEqual({
      data: {
        stories: {
          totalCount: 4,
          pageInfo: { hasNextPage: true, endCursor },
          nodes: [
            {
              __typename: 'Offer',
              title: 'Spring sale',
              publishedAt: '2024-05-03T09:00:00.000Z',
              product: null,
              price: null,
              until: null,
            },
            {
              __typename: 'Guide',
              title: 'Oak for life',
              publishedAt: '2024-05-03T09:00:00.000Z',
              product: { name: 'Chair' },
              minutes: null,
            },
            {
              __typename: 'Offer',
              title: 'Lamps for less',
              publishedAt: '2024-05-02T09:00:00.000Z',
              product: { name: 'Lamp' },
              price: '15.50',
              until: '2024-06-01T00:00:00.000Z',
            },
          ],
        },
      },
    })
    expect(await api.ask(query, { after: endCursor })).toMatchObject({
      data: {
        stories: {
          totalCount: 4,
          pageInfo: { hasNextPage: false },
          nodes: [{ __typename: 'Guide', title: 'Light at work', product: { name: 'Lamp' }, minutes: 4 }],
        },
      },
    })
  })

  test('are what one field may show, as a union', async () => {
    const query = `{ newestProducts { sku highlight {
      ... on Story { title } ... on Guide { minutes } ... on Offer { price product { label } } } } }`
    expect(await api.ask(query)).toEqual({
      data: {
        newestProducts: [
          { sku: 'L-1', highlight: { title: 'Lamps for less', price: '15.50', product: { label: 'Lux Lamp' } } },
          { sku: 'C-1', highlight: { title: 'Oak for life', minutes: null } },
          { sku: 'D-1', highlight: null },
        ],
      },
    })
  })

  test('are written, each as what it is', async () => {
    const add = `mutation ($input: OfferInput!) { addOffer(input: $input) { id title price product { sku } } }`
    const input = { title: 'Desks for less', productId: String(id(3)), price: '99.90' }
    const added = (await api.ask(add, { input })) as { readonly data: { readonly addOffer: { readonly id: string } } }
    const { id: offer } = added.data.addOffer
    expect(added).toEqual({
      data: { addOffer: { id: offer, title: 'Desks for less', price: '99.90', product: { sku: 'D-1' } } },
    })
    const newest = '{ stories(first: 1) { totalCount edges { node { __typename id } } } }'
    expect(await api.ask(newest)).toEqual({
      data: { stories: { totalCount: 5, edges: [{ node: { __typename: 'Offer', id: offer } }] } },
    })
    const remove = 'mutation ($id: ID!) { removeStory(id: $id) }'
    expect(await api.ask(remove, { id: offer })).toEqual({ data: { removeStory: true } })
    expect(await api.ask(remove, { id: offer })).toEqual({ data: { removeStory: false } })
    // What is no story of the contract's is not reached by its id
    expect(await api.ask(remove, { id: String(job._id) })).toEqual({ data: { removeStory: false } })
    expect(await api.ask(newest)).toEqual({
      data: { stories: { totalCount: 4, edges: [{ node: { __typename: 'Offer', id: String(id(24)) } }] } },
    })
  })
})

test('both stores hold the same in the end, and no compared read differed', async () => {
  await api.gateway.routing.mirror.flush()
  await api.gateway.routing.shadow.idle()
  expect(reported).toEqual([])
  const { statistics } = api.gateway.routing.shadow
  expect(statistics.of('Product').matched).toBeGreaterThan(10)
  expect(statistics.of('Review').matched).toBeGreaterThan(2)
  expect(statistics.of('Guide').matched).toBeGreaterThan(5)
  expect(statistics.of('Offer').matched).toBeGreaterThan(5)
  const { mongo, postgres } = api.stores
  for (const [entity, records] of [
    [Product, 3],
    [Review, 5],
    [Guide, 2],
    [Offer, 2],
  ] as const) {
    const [documents, rows] = await Promise.all(
      [mongo, postgres].map(async ({ reader }) => (await reader.scan(entity, { after: null, limit: 10 })).images),
    )
    expect(documents!.map(({ record }) => record)).toEqual(rows!.map(({ record }) => record))
    expect(rows).toHaveLength(records)
  }
})

test('the migration makes the tables that the mappings imply', async () => {
  const stores = await openStores([])
  try {
    await migrateUp(stores.postgres.connection, config.migrations)
    for (const entity of config.entities) expect(await validateChecks(stores.postgres.connection, entity)).toEqual([])
    expect(await schemaDrift(stores.postgres.connection, config.entities)).toEqual([])
  } finally {
    await stores.close()
  }
})

test('`doctor` finds the orders that clients may ask for', () => {
  const orders = contractOrders(config.schema, config.entities)
  expect([...orders].map(([type, asked]) => [type, asked.map(({ keys }) => keys[0]!.path)])).toEqual([
    ['Product', ['name', 'price', 'addedAt']],
  ])
})
