import { entityType } from 'crossfade/pothos'
import { Customer } from '../entities/customer.ts'
import { builder } from './builder.ts'

export const CustomerType = entityType(builder, Customer, {
  description: 'Shown to the customer and to staff.',
  embeds: { address: 'Address' },
})
