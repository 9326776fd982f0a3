import { enumType } from 'crossfade/pothos'
import { Book } from '../entities/book.ts'
import { Gadget } from '../entities/gadget.ts'
import { builder } from './builder.ts'

const availability = {
  name: 'Availability',
  description: 'Whether a product can be had.',
  values: {
    inStock: { name: 'IN_STOCK', description: 'Leaves us within a day.' },
    'sold-out': { name: 'SOLD_OUT', description: 'Nobody knows when it comes again.' },
    'pre-order': { name: 'PRE_ORDER', description: 'Has not come out yet.' },
    onRequest: { name: 'ON_REQUEST', deprecationReason: 'No product is given it any more. Show it as SOLD_OUT.' },
  },
}

// Before whatever shows the field
enumType(builder, Book, 'availability', availability)
enumType(builder, Gadget, 'availability', availability)
