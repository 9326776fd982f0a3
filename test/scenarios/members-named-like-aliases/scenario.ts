import { defineEntity, embed, int, list, text } from 'crossfade'
import { scenario } from '../scenario.ts'

const row = { r: text(), e: int(), t: text(), x: int(), c: text(), n: int(), value: text(), object: text() }
const whole = { r: 'R', e: 1, t: 'T', x: 2, c: 'C', n: 3, value: 'V', object: 'O' }
const bare = { r: null, e: null, t: null, x: null, c: null, n: null, value: null, object: null }

export default scenario({
  title:
    "Members named like what generated statements call their own tables: a list's `r` once hid the row that was read",
  entity: defineEntity('Grid', {
    mongo: 'grids',
    postgres: 'grids',
    id: int(),
    fields: {
      ...row,
      inColumn: list(embed(row)),
      inTable: list(embed(row)).childTable('grid_cells'),
    },
  }),
  documents: [
    { _id: 1, ...whole, inColumn: [whole, {}], inTable: [whole, {}] },
    { _id: 2, inColumn: [{ r: 'Q' }], inTable: [{ r: 'Q' }] },
  ],
  records: [
    { id: 1, ...whole, inColumn: [whole, bare], inTable: [whole, bare] },
    { id: 2, ...bare, inColumn: [{ ...bare, r: 'Q' }], inTable: [{ ...bare, r: 'Q' }] },
  ],
  finds: [
    { where: { op: 'some', path: 'inColumn', where: { op: 'eq', path: 'object', value: 'O' } }, ids: [1] },
    { where: { op: 'some', path: 'inTable', where: { op: 'eq', path: 'e', value: 1 } }, ids: [1] },
    { where: { op: 'some', path: 'inTable', where: { op: 'eq', path: 'r', value: 'Q' } }, ids: [2] },
  ],
})
