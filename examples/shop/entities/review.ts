import { defineEntity, int, objectId, text, timestamp } from 'crossfade'

export const Review = defineEntity('Review', {
  mongo: 'reviews',
  postgres: 'reviews',
  id: objectId(),
  fields: {
    productId: text().at('product').required().index(),
    stars: int().required(),
    text: text(),
    signed: text(),
    writtenAt: timestamp().at('written_at').required(),
  },
})
