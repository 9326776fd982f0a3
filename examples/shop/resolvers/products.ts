import { load, loadMerged, typed, where } from 'crossfade'
import { mergedConnection } from 'crossfade/pothos'
import { requireStaff } from '../auth/require.ts'
import { Book } from '../entities/book.ts'
import { Gadget } from '../entities/gadget.ts'
import { builder } from '../schema/builder.ts'
import { Product, ProductFilter, ProductOrder } from '../schema/product.ts'

const isRemoved = { deletedAt: { ne: null } } as const
const removed = [
  { entity: Book, where: where(Book, isRemoved), unscoped: true },
  { entity: Gadget, where: where(Gadget, isRemoved), unscoped: true },
]

builder.queryFields((t) => ({
  product: t.field({
    type: Product,
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_, { id }, context, info) =>
      typed(Book, await load(context, info, Book, id)) ?? typed(Gadget, await load(context, info, Gadget, id)),
  }),
  products: mergedConnection(t, [Book, Gadget], {
    type: Product,
    filter: ProductFilter,
    orderBy: ProductOrder,
    defaultOrder: { ADDED_AT: 'desc' },
  }),
  removedProducts: t.field({
    type: [Product],
    nullable: false,
    description: 'What is sold no longer, the last that was removed first. For staff.',
    args: { first: t.arg.int() },
    // What a query costs is counted by both
    extensions: { page: { entities: [Book, Gadget] } },
    resolve: async (_, page, context, info) => {
      requireStaff(context)
      const order = [{ path: 'deletedAt', direction: 'desc' }] as const
      const found = await loadMerged(context, info, removed, order, page)
      return found.nodes()
    },
  }),
}))
