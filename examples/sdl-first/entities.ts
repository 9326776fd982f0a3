import { decimal, defineEntity, embed, float, int, json, list, long, objectId, text, timestamp } from 'crossfade'

/** What the collection holds, under the names that the contract has for it. */
export const Product = defineEntity('Product', {
  mongo: 'products',
  postgres: 'products',
  id: objectId(),
  fields: {
    sku: text().required().unique(),
    name: text().required(),
    brand: text(),
    price: decimal(),
    tags: list(text()),
    size: embed({ width: float().at('w'), height: float().at('h') }),
    attributes: json(),
    sold: long(),
    addedAt: timestamp().at('added_at').required(),
  },
})

export const Review = defineEntity('Review', {
  mongo: 'reviews',
  postgres: 'reviews',
  id: objectId(),
  fields: {
    productId: objectId().at('product').required().references('Product'),
    stars: int().required(),
    text: text(),
    writtenAt: timestamp().at('written_at').required(),
  },
})
