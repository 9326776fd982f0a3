import { decimal, embed, enumeration, int, text, timestamp } from 'crossfade'

/** What a sum is made of: Decimal128 in MongoDB, and what it is in. */
export const currencies = ['EUR', 'USD'] as const

/** The collection of all products, of which each kind is a type of its own. */
export const products = {
  mongo: 'products',
  id: text(), // a slug, such as `the-quiet-harbour-3`
  group: 'sales',
  defaultScope: { deletedAt: { eq: null } },
} as const

/** What every product has, whatever its kind. */
export const product = {
  kind: enumeration(['book', 'gadget']),
  title: text().required().index(),
  price: embed({ amount: decimal().index(), currency: enumeration(currencies) }),
  /** What the shop has paid for one, in the currency of the price. */
  cost: decimal(),
  stock: int().required(),
  availability: enumeration(['inStock', 'sold-out', 'pre-order', 'onRequest']),
  addedAt: timestamp().at('added_at').required().index(),
  deletedAt: timestamp().at('deleted_at'),
}
