import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import config from '../../examples/shop/crossfade.config.ts'
import { type Stage, stages } from '../../src/stage/stage.ts'
import { compareStores } from '../support/compare-stores.ts'
import { type Answer, customer, staff } from './shop/client.ts'
import { openShop, type Shop } from './shop/open-shop.ts'

/** Products of a stage's own, so that stages do not see what earlier ones have changed. */
const productsOf = (stage: Stage, at: number) => {
  const added_at = { $date: '2020-01-01T00:00:00Z' }
  const priced = (amount: string, currency = 'EUR') => ({ amount: { $numberDecimal: amount }, currency })
  const product = (name: string, kind: string, stock: number, more: object) => ({
    _id: `${name}-${stage}`,
    kind,
    title: name,
    stock,
    availability: 'inStock',
    added_at,
    ...more,
  })
  return [
    product('pen', 'gadget', 5, { price: priced('2.50') }),
    product('diary', 'book', 10, { price: priced('19.95') }),
    product('globe', 'gadget', 10, { price: priced('120'), brand: 'Pico' }),
    product('import', 'book', 10, { price: priced('9.90', 'USD') }),
    product('gift', 'gadget', 10, {}),
    product('gone', 'book', 1, { price: priced('1') }),
    product('old', 'gadget', 1, { deleted_at: { $date: `200${at}-06-01T00:00:00Z` } }),
  ]
}

let shop: Shop
beforeAll(async () => {
  shop = await openShop(stages.flatMap(productsOf))
})
afterAll(() => shop?.close())

interface Placed {
  readonly placeOrder: { readonly order: { readonly id: string } }
}
const codesOf = ({ result }: Answer): unknown[] => (result?.errors ?? []).map(({ extensions }) => extensions['code'])

/** Repeats what clients are told to repeat. */
async function persist(...asked: Parameters<Shop['as']>): Promise<Answer> {
  for (;;) {
    const answer = await shop.as(...asked)
    if (!codesOf(answer).includes('TRY_AGAIN')) return answer
  }
}

const stockOf = async (id: string): Promise<unknown> => {
  const { result } = await shop.as(null, 'Product', { id })
  return (result?.data?.['product'] as { readonly stock: number } | null)?.stock
}

describe.each(stages)('Orders in %s', (stage) => {
  beforeAll(() => shop.setStage(stage))
  const id = (name: string): string => `${name}-${stage}`
  const wanted = (...lines: readonly (readonly [string, number])[]) => ({
    lines: lines.map(([sku, quantity]) => ({ sku, quantity })),
  })

  test.runIf(['off', 'shadow', 'live'].includes(stage))('five of twenty get the last five pieces', async () => {
    const all = Array.from({ length: 20 }, (_, n) => persist(customer(n), 'PlaceOrder', wanted([id('pen'), 1])))
    const answers = await Promise.all(all)
    const placed = answers.filter(({ result }) => result?.data)
    expect(placed).toHaveLength(5)
    expect(answers.flatMap(codesOf)).toEqual(Array.from({ length: 15 }, () => 'OUT_OF_STOCK'))
    expect(await stockOf(id('pen'))).toBe(0)
    const filter = { lines: { some: { sku: { eq: id('pen') } } } }
    const { result } = await shop.as(staff, 'AllOrders', { filter })
    expect(result?.data?.['orders']).toMatchObject({ total: 5 })
  })

  test('are placed with what products are called and cost, and cancelled once', async () => {
    const { result } = await persist(customer(3), 'PlaceOrder', wanted([id('globe'), 1], [id('diary'), 3]))
    const whole = {
      id: expect.stringMatching(/^ord_[0-9a-f]{32}$/),
      status: 'NEW',
      placedAt: expect.stringMatching(/Z$/),
      cancelledAt: null,
      total: { amount: '179.85', currency: 'EUR' },
      lines: [
        { sku: id('diary'), title: 'diary', quantity: 3, price: '19.95' },
        { sku: id('globe'), title: 'globe', quantity: 1, price: '120' },
      ],
    }
    expect(result).toEqual({
      data: { placeOrder: { order: { ...whole, customer: { email: 'ivo.almeida.3@mail.example' } } } },
    })
    expect([await stockOf(id('diary')), await stockOf(id('globe'))]).toEqual([7, 9])

    const { order } = (result!.data as unknown as Placed).placeOrder
    const others = await persist(customer(4), 'CancelOrder', { id: order.id })
    expect(others.result).toEqual({ data: { cancelOrder: { order: null } } })
    // As another program may sign
    const capitals = { ...customer(3), id: customer(3).id.toUpperCase() }
    const cancelled = await persist(capitals, 'CancelOrder', { id: order.id })
    expect(cancelled.result).toEqual({
      data: { cancelOrder: { order: { ...whole, status: 'CANCELLED', cancelledAt: expect.stringMatching(/Z$/) } } },
    })
    expect([await stockOf(id('diary')), await stockOf(id('globe'))]).toEqual([10, 10])
    expect(codesOf(await persist(customer(3), 'CancelOrder', { id: order.id }))).toEqual(['TOO_LATE'])
    expect([await stockOf(id('diary')), await stockOf(id('globe'))]).toEqual([10, 10])
  })

  test.each<[string, readonly (readonly [string, number])[], string]>([
    [
      'of more than there is',
      [
        ['diary', 1],
        ['globe', 11],
      ],
      'OUT_OF_STOCK',
    ],
    [
      'of what there is none of',
      [
        ['diary', 1],
        ['voucher', 1],
      ],
      'NOT_FOUND',
    ],
    [
      'of what is sold no longer',
      [
        ['diary', 1],
        ['old', 1],
      ],
      'NOT_FOUND',
    ],
    [
      'of what has no price',
      [
        ['diary', 1],
        ['gift', 1],
      ],
      'NO_PRICE',
    ],
    [
      'in two currencies',
      [
        ['diary', 1],
        ['import', 1],
      ],
      'MIXED_CURRENCIES',
    ],
    ['of nothing', [], 'BAD_USER_INPUT'],
    ['of no pieces', [['diary', 0]], 'BAD_USER_INPUT'],
    [
      'with two lines of one product',
      [
        ['diary', 1],
        ['diary', 1],
      ],
      'BAD_USER_INPUT',
    ],
  ])('%s are refused whole', async (_, lines, code) => {
    const stock = await stockOf(id('diary'))
    const asked = wanted(...lines.map(([name, quantity]) => [id(name), quantity] as const))
    expect(codesOf(await persist(customer(5), 'PlaceOrder', asked))).toEqual([code])
    expect(await stockOf(id('diary'))).toBe(stock)
  })

  test('are placed by customers alone', async () => {
    const stock = await stockOf(id('diary'))
    const asked = wanted([id('diary'), 1])
    expect(codesOf(await shop.as(null, 'PlaceOrder', asked))).toEqual(['UNAUTHENTICATED'])
    expect(codesOf(await shop.as(staff, 'PlaceOrder', asked))).toEqual(['FORBIDDEN'])
    expect(await stockOf(id('diary'))).toBe(stock)
  })

  test('products are removed softly, and purged for good, by staff', async () => {
    const gone = { id: id('gone') }
    expect(codesOf(await shop.as(customer(3), 'RemoveProduct', gone))).toEqual(['FORBIDDEN'])
    const removed = await shop.as(staff, 'RemoveProduct', gone)
    const shown = { __typename: 'Book', ...gone, title: 'gone', deletedAt: expect.stringMatching(/Z$/) }
    expect(removed.result).toEqual({ data: { removeProduct: shown } })
    expect((await shop.as(staff, 'RemoveProduct', gone)).result).toEqual({ data: { removeProduct: null } })
    expect((await shop.as(null, 'Product', gone)).result).toEqual({ data: { product: null } })
    const last = await shop.as(staff, 'Removed', { first: 1 })
    expect(last.result).toEqual({ data: { removedProducts: [shown] } })

    const before = `200${stages.indexOf(stage)}-12-31T00:00:00Z`
    expect(codesOf(await shop.as(customer(3), 'PurgeProducts', { before }))).toEqual(['FORBIDDEN'])
    const purged = await shop.as(staff, 'PurgeProducts', { before })
    expect(purged.result).toEqual({ data: { purgeProducts: expect.arrayContaining([id('old')]) } })
    expect(purged.result?.data?.['purgeProducts']).not.toContain(gone.id)
    expect((await shop.as(staff, 'PurgeProducts', { before })).result).toEqual({ data: { purgeProducts: [] } })
  })

  test.runIf(stage !== 'off' && stage !== 'complete')('and both stores hold the same', async () => {
    const different = async () =>
      (await Promise.all(config.entities.map((entity) => compareStores(shop.stores, entity)))).flatMap(
        (found) => found.different,
      )
    // A busy mirror is left to the sweep
    await expect.poll(different, { timeout: 30_000 }).toEqual([])
  })
})
