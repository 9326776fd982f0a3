import { repeatable, together, where, write } from 'crossfade'
import { refusal } from '../auth/refusal.ts'
import { requireViewer } from '../auth/require.ts'
import { Book } from '../entities/book.ts'
import { Gadget } from '../entities/gadget.ts'
import { Order } from '../entities/order.ts'
import { builder } from '../schema/builder.ts'
import { OrderPayload } from '../schema/order.ts'
import { putBack } from './stock.ts'

builder.mutationField('cancelOrder', (t) =>
  t.field({
    type: OrderPayload,
    nullable: false,
    description: 'Puts the pieces back into stock. Null where the order is none of the viewer’s.',
    extensions: { writes: repeatable(together(Book, Gadget, Order)) },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, context, info) => {
      const viewer = requireViewer(context)
      const own = viewer.isStaff ? {} : { customerId: { eq: viewer.id } }
      const open = where(Order, { ...own, status: { in: ['new', 'paid'] } })
      return write(context, info, async (tx) => {
        const change = { status: 'cancelled', cancelledAt: new Date() } as const
        const { outcome, record } = await tx.of(Order).patchWhen(id, open, change)
        // Of another customer's order nothing is told, not even that there is one
        if (outcome === 'absent' || (!viewer.isStaff && record.customerId !== viewer.id)) return { order: null }
        if (outcome === 'unmet') throw refusal('TOO_LATE', 'The order cannot be cancelled any more.')
        for (const line of record.lines ?? []) await putBack(tx, line)
        return { order: record }
      })
    },
  }),
)
