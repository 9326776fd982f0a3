import { defineEntity, embed, int, list, text } from 'crossfade'
import { scenario } from '../scenario.ts'

const names = { constructor: text(), toString: text(), valueOf: int(), hasOwnProperty: text() }
const whole = { constructor: 'ferrari', toString: 'T', valueOf: 7, hasOwnProperty: 'H' }
const bare = { constructor: null, toString: null, valueOf: null, hasOwnProperty: null }

export default scenario({
  title: 'Fields named like what every object of JavaScript has: a missing one is null, and a value there is its own',
  entity: defineEntity('Car', {
    mongo: 'cars',
    postgres: 'cars',
    id: int(),
    fields: {
      ...names,
      object: embed(names),
      inColumn: list(embed(names)),
      inTable: list(embed(names)).childTable('car_parts'),
    },
  }),
  documents: [
    {
      _id: 1,
      ...whole,
      points: 5,
      object: { ...whole, isPrototypeOf: 1 },
      inColumn: [{ ...whole, points: 6 }, {}],
      inTable: [whole, { points: 7 }],
    },
    { _id: 2, points: 8, object: { points: 9 }, inColumn: [{}], inTable: [{}] },
    { _id: 3, toLocaleString: 'unmapped' },
  ],
  records: [
    { id: 1, ...whole, object: whole, inColumn: [whole, bare], inTable: [whole, bare] },
    { id: 2, ...bare, object: bare, inColumn: [bare], inTable: [bare] },
    { id: 3, ...bare, object: null, inColumn: null, inTable: null },
  ],
  finds: [
    { where: { op: 'eq', path: 'constructor', value: 'ferrari', insensitive: false }, ids: [1] },
    { where: { op: 'eq', path: 'object.valueOf', value: 7, insensitive: false }, ids: [1] },
    { where: { op: 'eq', path: 'toString', value: null, insensitive: false }, ids: [2, 3] },
  ],
})
