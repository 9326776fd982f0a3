import { readFileSync } from 'node:fs'
import type { DemoConfig, Json, SampleOperation } from 'crossfade'
import { generate } from './generate.ts'

const query = readFileSync(new URL('../operations/visitor.graphql', import.meta.url), 'utf8')

const operation = (operationName: string, variables: Record<string, unknown> = {}): SampleOperation => ({
  query,
  operationName,
  variables,
})

const idOf = (document: Json): Json =>
  typeof document === 'object' && document !== null && !Array.isArray(document) ? (document['_id'] ?? null) : null

const product = (id: string): SampleOperation => operation('Product', { id })

/** What `crossfade demo` knows of this API. It sends no tokens: visitors alone are played. */
export const demo: DemoConfig = {
  generate,
  indexes: {
    customers: [{ keys: { email: 1 }, unique: true }],
    products: [
      { keys: { kind: 1, title: 1, _id: 1 } },
      { keys: { kind: 1, 'price.amount': 1, _id: 1 } },
      { keys: { kind: 1, added_at: 1, _id: 1 } },
    ],
    orders: [{ keys: { customer: 1, placed_at: 1, _id: 1 } }, { keys: { placed_at: 1, _id: 1 } }],
    reviews: [{ keys: { product: 1, written_at: 1, _id: 1 } }],
  },
  traffic: ({ Book: books = [], Gadget: gadgets = [] }) => [
    ...[...books, ...gadgets].map((each) => operation('Product', { id: idOf(each) })),
    operation('Newest', { first: 20 }),
    operation('Catalogue', { filter: { availability: { eq: 'IN_STOCK' } }, orderBy: [{ field: 'TITLE' }] }),
    operation('Catalogue', { filter: { price: { lt: '20' } }, orderBy: [{ field: 'PRICE', direction: 'DESC' }] }),
  ],
  read: { Book: product, Gadget: product },
  // Fields that no order, filter or join of the traffic uses
  drift: { Book: { paths: ['isbn', 'pages', 'stock'] }, Gadget: { paths: ['brand', 'warrantyMonths', 'size.width'] } },
}
