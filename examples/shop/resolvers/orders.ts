import { type AppContext, everything, load, loadPage, where } from 'crossfade'
import { reference } from 'crossfade/pothos'
import { requireViewer } from '../auth/require.ts'
import { Customer } from '../entities/customer.ts'
import { Order } from '../entities/order.ts'
import { builder } from '../schema/builder.ts'
import { OrderFilter, OrderPage, OrderType } from '../schema/order.ts'

/** The orders that whoever asks may see: a customer his own, staff all. */
export function visible(context: AppContext) {
  const { id, isStaff } = requireViewer(context)
  return isStaff ? everything : where(Order, { customerId: { eq: id } })
}

builder.queryFields((t) => ({
  order: t.field({
    type: OrderType,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, context, info) => load(context, info, Order, id, { where: visible(context) }),
  }),
  orders: t.field({
    type: OrderPage,
    nullable: false,
    description: 'The last first.',
    args: { filter: t.arg({ type: OrderFilter }), limit: t.arg.int(), offset: t.arg.int() },
    extensions: { page: { entity: Order, size: 10, max: 50 } },
    resolve: (_, { filter, ...page }, context, info) => {
      const order = [{ path: 'placedAt', direction: 'desc' }] as const
      return loadPage(context, info, Order, OrderFilter.parse(filter), order, page, { where: visible(context) })
    },
  }),
}))

builder.objectFields(OrderType, (t) => ({
  // Null where the account is gone
  customer: reference(t, Customer, { of: 'customerId' }),
}))
