import { defineEntity, embed, float, int, text } from 'crossfade'
import { product, products } from './product.ts'

export const Gadget = defineEntity('Gadget', {
  ...products,
  postgres: 'gadgets',
  where: { kind: 'gadget' },
  fields: {
    ...product,
    brand: text(),
    size: embed({ width: float().at('w'), height: float().at('h') }),
    warrantyMonths: int().at('warranty'),
  },
})
