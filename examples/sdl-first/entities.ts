import {
  decimal,
  defineEntity,
  embed,
  enumeration,
  float,
  int,
  json,
  list,
  long,
  objectId,
  text,
  timestamp,
} from 'crossfade'

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

/** What guides and offers have in common: both are documents of one collection, told apart by `kind`. */
const story = { mongo: 'stories', id: objectId() } as const
const told = {
  kind: enumeration(['guide', 'offer']),
  title: text().required(),
  publishedAt: timestamp().at('published_at').required(),
  productId: objectId().at('product').references('Product'),
}

export const Guide = defineEntity('Guide', {
  ...story,
  postgres: 'guides',
  where: { kind: 'guide' },
  fields: { ...told, minutes: int() },
})

export const Offer = defineEntity('Offer', {
  ...story,
  postgres: 'offers',
  where: { kind: 'offer' },
  fields: { ...told, price: decimal(), until: timestamp() },
})
