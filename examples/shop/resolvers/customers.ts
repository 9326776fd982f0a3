import { load } from 'crossfade'
import { children } from 'crossfade/pothos'
import { requireStaff, requireViewer } from '../auth/require.ts'
import { Customer } from '../entities/customer.ts'
import { Order } from '../entities/order.ts'
import { builder } from '../schema/builder.ts'
import { CustomerType } from '../schema/customer.ts'

builder.queryFields((t) => ({
  me: t.field({
    type: CustomerType,
    description: 'Null for staff.',
    resolve: (_, __, context, info) => {
      const { id, isStaff } = requireViewer(context)
      return isStaff ? null : load(context, info, Customer, id)
    },
  }),
  customer: t.field({
    type: CustomerType,
    description: 'For staff.',
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, context, info) => {
      requireStaff(context)
      return load(context, info, Customer, id)
    },
  }),
}))

// Whoever is shown a customer may see his orders
builder.objectFields(CustomerType, (t) => ({
  orders: children(t, Order, { by: 'customerId', order: { placedAt: 'desc' } }),
}))
