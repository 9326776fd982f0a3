import { reading } from 'crossfade'
import { entityType, enumType, filterType, pageType, payloadType } from 'crossfade/pothos'
import { requireStaff } from '../auth/require.ts'
import { Order } from '../entities/order.ts'
import { builder } from './builder.ts'
import { Money } from './money.ts'

enumType(builder, Order, 'status', {
  name: 'OrderStatus',
  values: {
    new: { name: 'NEW', description: 'It was placed, and waits for its money.' },
    paid: 'PAID',
    shipped: 'SHIPPED',
    cancelled: 'CANCELLED',
  },
})

export const OrderType = entityType(builder, Order, {
  embeds: { lines: 'OrderLine' },
  omit: ['customerId', 'total', 'currency', 'note'],
  fields: { 'lines.price': { description: 'Of one, in the currency of the order.' } },
})

builder.objectFields(OrderType, (t) => ({
  total: t.field({
    type: Money,
    nullable: false,
    ...reading(Order, ['total', 'currency'], ({ total, currency }) => ({ amount: total, currency })),
  }),
  note: t.string({
    description: 'For staff.',
    ...reading(Order, ['note'], ({ note }, _, context) => {
      requireStaff(context)
      return note
    }),
  }),
}))

export const OrderFilter = filterType(builder, Order, {
  status: true,
  placedAt: true,
  lines: { path: 'lines', members: { sku: true, quantity: true } },
})

export const OrderPage = pageType(builder, Order, {
  name: 'OrderPage',
  fields: { items: 'items', totalCount: 'total', hasNextPage: 'hasMore' },
})

export const OrderPayload = payloadType(builder, Order, 'order')
