import { SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import config from '../../examples/shop/crossfade.config.ts'
import { stages } from '../../src/stage/stage.ts'
import { migrateUp } from '../../src/stores/postgres/migrate.ts'
import { schemaDrift } from '../../src/stores/postgres/schema-diff.ts'
import { observeQueries, type Seen } from '../support/observe-queries.ts'
import { runCommand } from '../support/run-command.ts'
import { openStores } from '../support/stores.ts'
import { askAt, customer, staff } from './shop/client.ts'
import { openShop, type Shop } from './shop/open-shop.ts'

/** What is asked in every stage, of whichever store answers. */
const asked: readonly Parameters<Shop['as']>[] = [
  [null, 'Newest', { first: 25 }],
  [null, 'Catalogue', { first: 100 }],
  [null, 'Catalogue', { first: 30, orderBy: [{ field: 'PRICE' }] }],
  [null, 'Catalogue', { first: 30, orderBy: [{ field: 'PRICE', direction: 'DESC' }, { field: 'TITLE' }] }],
  [null, 'Catalogue', { first: 9, orderBy: [{ field: 'TITLE' }], filter: { price: { gte: '20', lt: '50.45' } } }],
  [null, 'Catalogue', { filter: { or: [{ availability: { eq: null } }, { title: { startsWith: '19' } }] } }],
  [null, 'Catalogue', { filter: { title: { contains: 'KETTLE', insensitive: true } } }],
  [null, 'Product', { id: 'the-blue-harbour-7' }],
  [null, 'Product', { id: 'the-winter-bridge-5' }],
  [null, 'Product', { id: 'torch-s-98' }],
  [null, 'Product', { id: 'the-winter-garden-38' }],
  [null, 'Product', { id: 'voucher-101' }],
  [null, 'Costs', { first: 3 }],
  [null, 'Me'],
  [staff, 'Costs', { first: 30 }],
  [staff, 'Removed'],
  [staff, 'AllOrders', { limit: 50 }],
  [staff, 'AllOrders', { limit: 5, offset: 40, filter: { placedAt: { lt: '2025-06-01T00:00:00Z' } } }],
  [staff, 'AllOrders', { filter: { lines: { isEmpty: true } } }],
  [staff, 'AllOrders', { filter: { status: { eq: null }, lines: { every: { quantity: { lte: 2 } } } } }],
  [staff, 'OneCustomer', { id: customer(10).id }],
  [staff, 'OneOrder', { id: 'ord_0030' }],
  [customer(10), 'Me', { first: 4 }],
  [customer(10), 'MyOrders', { limit: 2, offset: 3 }],
  [customer(10), 'OneOrder', { id: 'ord_0036' }],
  [customer(11), 'OneOrder', { id: 'ord_0036' }],
  [customer(10), 'Removed'],
  [customer(10), 'AllOrders', { limit: 1 }],
]
const textsOf = async (): Promise<readonly string[]> => {
  const texts: string[] = []
  for (const each of asked) texts.push((await shop.as(...each)).text)
  return texts
}

let shop: Shop
let seen: Seen[]
/** As MongoDB answers alone. */
let before: readonly string[]
beforeAll(async () => {
  shop = await openShop()
  seen = observeQueries(shop.stores)
  await shop.setStage('off')
  before = await textsOf()
})
afterAll(() => shop?.close())

const line = (sku: string, title: string, quantity: number, price: string) => ({ sku, title, quantity, price })
const refused = (path: readonly (string | number)[], code: string, message: string) =>
  expect.objectContaining({ path, message, extensions: { code } })

describe.each(stages)('The shop in %s', (stage) => {
  beforeAll(() => shop.setStage(stage))

  test('answers with the bytes that MongoDB alone answered with', async () => {
    expect(await textsOf()).toEqual(before)
  })

  test.runIf(stage === 'shadow' || stage === 'live')('and the other store does so, too', async () => {
    const others = stage === 'shadow' ? ['books', 'gadgets'] : ['products']
    const products = () => [...new Set(seen.map(({ from }) => from))].filter((from) => from !== 'orders').sort()
    await shop.moveReads(100)
    // Once it is known that the mirror is not behind
    const asksOthers = async () => {
      seen.length = 0
      await shop.as(null, 'Newest')
      return products()
    }
    await expect.poll(asksOthers, { timeout: 20_000 }).toEqual(others)
    expect(await textsOf()).toEqual(before)
    expect(products().filter((from) => ['books', 'gadgets', 'products'].includes(from))).toEqual(others)
    await shop.moveReads(0)
  })

  test('lists books and gadgets in one order, each with what it has', async () => {
    const { result } = await shop.as(null, 'Catalogue', {
      filter: { availability: { eq: 'IN_STOCK' }, price: { lt: '8.45' } },
      orderBy: [{ field: 'PRICE' }],
    })
    const node = (id: string, title: string, stock: number, amount: string, more: object) => ({
      cursor: expect.any(String),
      node: { id, title, stock, availability: 'IN_STOCK', price: { amount, currency: 'EUR' }, ...more },
    })
    const none = { totalCount: 0, edges: [] }
    expect(result).toEqual({
      data: {
        products: {
          totalCount: 3,
          pageInfo: {
            hasNextPage: false,
            hasPreviousPage: false,
            startCursor: expect.any(String),
            endCursor: expect.any(String),
          },
          edges: [
            node('the-blue-atlas-47', 'The Blue Atlas', 3, '2.45', {
              authors: ['Jun Mori'],
              pages: 187,
              reviews: none,
            }),
            node('the-quiet-letters-1', 'The Quiet Letters', 0, '3.95', {
              authors: ['Ida Brandt'],
              pages: 740,
              reviews: {
                totalCount: 2,
                edges: [{ node: { stars: 5, text: 'Überraschend gut.' } }, { node: { stars: 2, text: 'Came late.' } }],
              },
            }),
            node('radio-2-93', 'Radio 2', 37, '6.45', {
              brand: 'Nordlys',
              size: { width: 16.5, height: 62 },
              reviews: none,
            }),
          ],
        },
      },
    })
  })

  test('means by what was stored what it can, and else null, as by what is sold no longer', async () => {
    const numbered = await shop.as(null, 'Product', { id: 'the-blue-harbour-7' })
    expect(numbered.result).toMatchObject({ data: { product: { __typename: 'Book', title: '1984', isbn: null } } })
    const double = await shop.as(null, 'Product', { id: 'the-winter-bridge-5' })
    expect(double.result).toMatchObject({ data: { product: { price: { amount: null, currency: 'EUR' } } } })
    const unknown = await shop.as(null, 'Product', { id: 'torch-s-98' })
    expect(unknown.result).toMatchObject({ data: { product: { __typename: 'Gadget', availability: null } } })
    for (const id of ['voucher-101', 'the-winter-garden-38'])
      expect((await shop.as(null, 'Product', { id })).result).toEqual({ data: { product: null } })
  })

  test('shows customers their own orders alone, in pages', async () => {
    const order = (id: string, status: string, placedAt: string, amount: string, lines: readonly object[]) => ({
      id,
      status,
      placedAt,
      cancelledAt: null,
      total: { amount, currency: 'EUR' },
      lines,
    })
    const paid = order('ord_0036', 'PAID', '2025-06-19T08:51:50.400Z', '6.45', [
      line('the-blue-island-36', 'the blue island', 1, '6.45'),
    ])
    const items = [
      paid,
      order('ord_0075', 'PAID', '2025-04-18T09:48:00.000Z', '62.90', [line('toaster-m-92', 'toaster m', 2, '31.45')]),
    ]
    const mine = await shop.as(customer(10), 'MyOrders', { limit: 2, offset: 1 })
    expect(mine.result).toEqual({ data: { orders: { total: 6, hasMore: true, items } } })
    const last = await shop.as(customer(10), 'MyOrders', { limit: 2, offset: 4 })
    expect(last.result).toMatchObject({ data: { orders: { total: 6, hasMore: false } } })

    const own = await shop.as(customer(10), 'OneOrder', { id: 'ord_0036' })
    expect(own.result).toEqual({ data: { order: { ...paid, customer: { name: 'Dmitri Duarte' } } } })
    const others = await shop.as(customer(11), 'OneOrder', { id: 'ord_0036' })
    expect(others.result).toEqual({ data: { order: null } })
    const visitor = await shop.as(null, 'OneOrder', { id: 'ord_0036' })
    expect(visitor.result).toMatchObject({ errors: [refused(['order'], 'UNAUTHENTICATED', 'Log in first.')] })
    // The account is gone, the order stays
    const orphan = await shop.as(staff, 'OneOrder', { id: 'ord_0030' })
    expect(orphan.result).toMatchObject({ data: { order: { status: 'CANCELLED', customer: null } } })
  })

  test('shows staff what customers are refused, field by field', async () => {
    const costs = await shop.as(staff, 'Costs', { first: 2 })
    const nodes = (...given: (string | null)[]) => [
      { node: { id: 'the-blue-harbour-7', cost: given[0], price: { amount: '8.45' } } },
      { node: { id: 'clock-m-82', cost: given[1], price: { amount: '77.45' } } },
    ]
    expect(costs.result).toEqual({ data: { products: { edges: nodes('4.22', '38.72') } } })
    const hidden = await shop.as(customer(10), 'Costs', { first: 2 })
    expect(hidden.result).toEqual({
      data: { products: { edges: nodes(null, null) } },
      errors: [0, 1].map((at) => refused(['products', 'edges', at, 'node', 'cost'], 'FORBIDDEN', 'This is for staff.')),
    })
    const product = (id: string, title: string, deletedAt: string) => ({ __typename: 'Book', id, title, deletedAt })
    const removed = await shop.as(staff, 'Removed', { first: 2 })
    expect(removed.result).toEqual({
      data: {
        removedProducts: [
          product('the-salt-bridge-43', 'The Salt Bridge', '2025-11-30T08:00:00.000Z'),
          product('the-blue-kitchen-56', 'The Blue Kitchen', '2025-11-20T08:00:00.000Z'),
        ],
      },
    })
    const denied = await shop.as(customer(10), 'Removed', { first: 2 })
    expect(denied.result).toEqual({
      data: null,
      errors: [refused(['removedProducts'], 'FORBIDDEN', 'This is for staff.')],
    })
  })
})

test('no read that was compared differed', async () => {
  await shop.gateway.routing.shadow.idle()
  expect(shop.reported).toEqual([])
  for (const { name } of config.entities)
    expect(shop.gateway.routing.shadow.statistics.of(name).matched).toBeGreaterThan(10)
})

describe('A token', () => {
  const claims = (token: SignJWT | UnsecuredJWT, audience = 'shop-api') =>
    token.setSubject(staff.id).setIssuer('https://shop.example').setAudience(audience).setExpirationTime('1h')
  const signed = (token: SignJWT, secret = process.env['SHOP_SECRET']!) =>
    token.setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret))
  const ours = () => new SignJWT({ staff: true })

  test.each<[string, () => Promise<string> | string]>([
    ['that is none', () => 'x'],
    ['of nothing', () => ''],
    ['of another secret', () => signed(claims(ours()) as SignJWT, 'another secret, of 32 characters')],
    ['of another audience', () => signed(claims(ours(), 'warehouse') as SignJWT)],
    ['past its time', () => signed((claims(ours()) as SignJWT).setExpirationTime('-1m'))],
    ['without an end', () => signed(ours().setSubject('a').setIssuer('https://shop.example').setAudience('shop-api'))],
    ['that nobody has signed', () => (claims(new UnsecuredJWT({ staff: true })) as UnsecuredJWT).encode()],
  ])('%s is refused, whatever is asked', async (_, token) => {
    const { status, text } = await askAt(shop.gateway.url, `Bearer ${await token()}`, 'Newest')
    expect(status).toBe(401)
    expect(JSON.parse(text)).toEqual({
      errors: [{ message: 'The token is not ours, or is past its time.', extensions: { code: 'UNAUTHENTICATED' } }],
    })
  })

  test('is not believed where the secret is one that can be guessed, and an operator is told so', async () => {
    vi.stubEnv('SHOP_SECRET', 'shop')
    onTestFinished(() => void vi.unstubAllEnvs())
    const token = `Bearer ${await signed(claims(ours()) as SignJWT)}`
    const { result } = await askAt(shop.gateway.url, token, 'Newest')
    expect(result?.errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }])
  })

  test('that is ours says who asks', async () => {
    const token = `Bearer ${await signed(claims(ours()) as SignJWT)}`
    const { status, result } = await askAt(shop.gateway.url, token, 'Removed', { first: 0 })
    expect([status, result]).toEqual([200, { data: { removedProducts: [] } }])
  })
})

test('the migration makes the tables that the mappings imply', async () => {
  const stores = await openStores([])
  try {
    await migrateUp(stores.postgres.connection, config.migrations)
    expect(await schemaDrift(stores.postgres.connection, config.entities)).toEqual([])
  } finally {
    await stores.close()
  }
})

test('the committed contract is what the code builds, and the operations fit it', async () => {
  const folder = 'examples/shop'
  const files = ['--sdl', `${folder}/schema.graphql`, '--operations', `${folder}/operations`]
  const said = await runCommand(['contract', 'check', '--config', `${folder}/crossfade.config.ts`, ...files], {})
  expect(said).toMatchObject({
    code: 0,
    stderr: `${folder}/schema.graphql is what the code builds, and 3 files of operations fit it.\n`,
  })
})
