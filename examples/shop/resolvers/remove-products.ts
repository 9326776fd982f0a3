import { independent, typed, where, write } from 'crossfade'
import { requireStaff } from '../auth/require.ts'
import { Book } from '../entities/book.ts'
import { Gadget } from '../entities/gadget.ts'
import { builder } from '../schema/builder.ts'
import { Product } from '../schema/product.ts'

const onSale = { deletedAt: { eq: null } } as const
const extensions = { writes: independent(Book, Gadget) }

builder.mutationFields((t) => ({
  removeProduct: t.field({
    type: Product,
    description: 'Takes a product from sale; orders and reviews of it stay. Null where none is on sale. For staff.',
    extensions,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, context, info) => {
      requireStaff(context)
      const removal = { deletedAt: new Date() }
      return write(context, info, async (tx) => {
        const book = await tx.of(Book).patchWhen(id, where(Book, onSale), removal)
        if (book.outcome === 'changed') return typed(Book, book.record)
        const gadget = await tx.of(Gadget).patchWhen(id, where(Gadget, onSale), removal)
        return gadget.outcome === 'changed' ? typed(Gadget, gadget.record) : null
      })
    },
  }),
  purgeProducts: t.idList({
    nullable: false,
    description: 'Deletes for good what was removed before a moment, and answers with the ids. For staff.',
    extensions,
    args: { before: t.arg({ type: 'DateTime', required: true }) },
    resolve: (_, { before }, context, info) => {
      requireStaff(context)
      const old = { deletedAt: { lt: before } }
      return write(context, info, async (tx) => [
        ...(await tx.of(Book).deleteMany(where(Book, old))),
        ...(await tx.of(Gadget).deleteMany(where(Gadget, old))),
      ])
    },
  }),
}))
