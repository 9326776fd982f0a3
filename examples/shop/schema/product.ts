import './availability.ts'
import { reading } from 'crossfade'
import { children, entityType, filterType, interfaceType, orderType } from 'crossfade/pothos'
import { requireStaff } from '../auth/require.ts'
import { Book } from '../entities/book.ts'
import { Gadget } from '../entities/gadget.ts'
import { Review } from '../entities/review.ts'
import { builder } from './builder.ts'
import { Money } from './money.ts'
import './review.ts'

export const Product = interfaceType(builder, 'Product', [Book, Gadget], {
  description: 'What the shop sells.',
  fields: ['title', 'availability', 'stock', 'addedAt', 'deletedAt'],
})

/** For fields that all kinds have alike. */
const anyKind = Book as typeof Book | typeof Gadget

builder.interfaceFields(Product, (t) => ({
  price: t.field({ type: Money, ...reading(anyKind, ['price'], ({ price }) => price) }),
  cost: t.field({
    type: 'Decimal',
    description: 'What the shop has paid for one. For staff.',
    ...reading(anyKind, ['cost'], ({ cost }, _, context) => {
      requireStaff(context)
      return cost
    }),
  }),
  reviews: children(t, Review, { by: 'productId', order: { writtenAt: 'desc' }, paging: 'forward', size: 5 }),
}))

/** Shown by fields of the interface, or told by the type. */
const omit = ['kind', 'price', 'cost'] as const

export const BookType = entityType(builder, Book, { interfaces: [Product], omit })
export const GadgetType = entityType(builder, Gadget, { interfaces: [Product], omit, embeds: { size: 'Size' } })

/** Of what all products have. */
export const ProductFilter = filterType(
  builder,
  Book,
  { title: true, availability: true, price: 'price.amount', addedAt: true },
  { name: 'ProductFilter' },
)

export const ProductOrder = orderType(
  builder,
  Book,
  { TITLE: 'title', PRICE: 'price.amount', ADDED_AT: 'addedAt' },
  { name: 'ProductOrder' },
)
