import { randomUUID } from 'node:crypto'
import { decimal, defineEntity, embed, enumeration, int, list, text, timestamp, uuid } from 'crossfade'
import { currencies } from './product.ts'

export const Order = defineEntity('Order', {
  mongo: 'orders',
  postgres: 'orders',
  id: text(),
  newId: () => `ord_${randomUUID().replaceAll('-', '')}`,
  group: 'sales',
  fields: {
    customerId: uuid().at('customer').required().references('Customer').index(),
    status: enumeration(['new', 'paid', 'shipped', 'cancelled']).index(),
    /** What was bought, as it was called and cost then. */
    lines: list(
      embed({ sku: text().required().index(), title: text(), quantity: int().required(), price: decimal() }),
    ).childTable('order_lines'),
    total: decimal(),
    currency: enumeration(currencies),
    /** Among staff. */
    note: text(),
    placedAt: timestamp().at('placed_at').required().index(),
    cancelledAt: timestamp().at('cancelled_at'),
  },
})
