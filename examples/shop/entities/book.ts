import { defineEntity, int, list, text } from 'crossfade'
import { product, products } from './product.ts'

export const Book = defineEntity('Book', {
  ...products,
  postgres: 'books',
  where: { kind: 'book' },
  fields: { ...product, authors: list(text()), isbn: text(), pages: int() },
})
