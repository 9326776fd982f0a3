import { defineEntity, embed, text, timestamp, uuid } from 'crossfade'

export const Customer = defineEntity('Customer', {
  mongo: 'customers',
  postgres: 'customers',
  id: uuid(),
  fields: {
    name: text().required().sensitive(),
    email: text().required().sensitive().unique(),
    address: embed({ street: text(), city: text(), country: text() }).sensitive(),
    since: timestamp().required(),
  },
})
