import { customers } from './customers.ts'
import type { Document } from './document.ts'
import { orders } from './orders.ts'
import { products } from './products.ts'
import { randomFrom } from './random.ts'
import { reviews } from './reviews.ts'

const CUSTOMERS = 30

/** The shop's database, the same for the same seed: what a live one holds, with the dirt of its years. */
export function generate(seed: number): Record<'products' | 'customers' | 'orders' | 'reviews', Document[]> {
  const catalogue = products(randomFrom(seed, 1))
  const skus = catalogue.flatMap(({ _id = null, kind }) => (kind === 'voucher' ? [] : [_id]))
  return {
    products: catalogue,
    customers: customers(randomFrom(seed, 2), CUSTOMERS),
    orders: orders(randomFrom(seed, 3), 120, skus, CUSTOMERS),
    reviews: reviews(randomFrom(seed, 4), 120, skus),
  }
}
