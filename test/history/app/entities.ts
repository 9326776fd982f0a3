import { defineEntity, int, list, text } from 'crossfade'

/** Counts what was acknowledged. */
export const Counter = defineEntity('Counter', {
  mongo: 'counters',
  postgres: 'counters',
  id: text(),
  fields: { n: int().required() },
})

/** Its list is in a table of its own. */
export const Basket = defineEntity('Basket', {
  mongo: 'baskets',
  postgres: 'baskets',
  id: text(),
  fields: { items: list(text()).childTable('basket_items') },
})

/** Made, deleted and made again under few ids; each change leaves its token, and counts. */
export const Note = defineEntity('Note', {
  mongo: 'notes',
  postgres: 'notes',
  id: text(),
  fields: { log: list(text()), n: int() },
})

/** Its holder goes from one seat to another. */
export const Seat = defineEntity('Seat', {
  mongo: 'seats',
  postgres: 'seats',
  id: text(),
  fields: { holder: text().unique() },
})

/** What it holds is what it had at first, and what transfers that stand have brought and taken. */
export const Purse = defineEntity('Purse', {
  mongo: 'purses',
  postgres: 'purses',
  id: text(),
  group: 'money',
  fields: { coins: int().required() },
})

/** One coin that went from one purse to another. */
export const Transfer = defineEntity('Transfer', {
  mongo: 'transfers',
  postgres: 'transfers',
  id: text(),
  group: 'money',
  fields: { from: text(), to: text() },
})
