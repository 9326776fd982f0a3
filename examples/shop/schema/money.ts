import { currencies } from '../entities/product.ts'
import { builder } from './builder.ts'

interface Sum {
  readonly amount: string | null
  readonly currency: (typeof currencies)[number] | null
}

const Currency = builder.enumType('Currency', { values: currencies })

export const Money = builder.objectRef<Sum>('Money').implement({
  description: 'A sum. Both are null where nobody knows any more what was meant.',
  fields: (t) => ({
    amount: t.field({ type: 'Decimal', resolve: ({ amount }) => amount }),
    currency: t.field({ type: Currency, resolve: ({ currency }) => currency }),
  }),
})
