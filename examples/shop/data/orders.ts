import type { Json } from 'crossfade'
import { type Document, date, decimal, document, uuid } from './document.ts'
import type { Random } from './random.ts'

const STATUS = ['new', 'paid', 'shipped', 'shipped', 'shipped', 'cancelled']
const NOTES = ['Call before delivery.', 'Second complaint.', 'Gift.']

/** Orders of the customers, and of some whose accounts are gone. */
export const orders = (random: Random, count: number, skus: readonly Json[], customers: number): Document[] =>
  Array.from({ length: count }, (_, place) => {
    const prices: number[] = []
    const lines = Array.from({ length: random.between(1, 4) }, (): Document => {
      const [sku, quantity, cents] = [random.pick(skus), random.between(1, 3), random.between(4, 160) * 50 - 5]
      prices.push(quantity * cents)
      return document({
        sku,
        title: String(sku).split('-').slice(0, -1).join(' '),
        quantity: random.oneIn(9) ? String(quantity) : quantity,
        price: random.oneIn(15) ? cents / 100 : decimal(cents),
        gift: random.oneIn(6) ? true : undefined, // of an app that is gone
      })
    })
    const status = place % 31 === 8 ? 'Paid' : random.pick(STATUS)
    const placed = random.between(100, 700) + place / 1000
    return document({
      _id: `ord_${String(place).padStart(4, '0')}`,
      customer: uuid(random.between(0, customers + 2)),
      status,
      lines: place % 37 === 20 ? [] : lines,
      total: decimal(prices.reduce((so, each) => so + each, 0)),
      currency: 'EUR',
      note: random.oneIn(6) ? random.pick(NOTES) : undefined,
      placed_at: date(placed),
      cancelled_at: status === 'cancelled' ? date(placed + 1) : undefined,
    })
  })
