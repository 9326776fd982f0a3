import { defineEntity, int, text } from 'crossfade'
import { scenario } from '../scenario.ts'

export default scenario({
  title:
    'Found by a property test: the pattern of "ends with nothing" starts with $, which an expression took for a path',
  entity: defineEntity('Note', {
    mongo: 'notes',
    postgres: 'notes',
    id: int(),
    fields: { body: text({ nullIf: ['n/a'] }) },
  }),
  documents: [
    { _id: 1, body: '' },
    { _id: 2, body: 'a$' },
  ],
  records: [
    { id: 1, body: '' },
    { id: 2, body: 'a$' },
  ],
  finds: [
    { where: { op: 'endsWith', path: 'body', value: '' }, ids: [1, 2] },
    { where: { op: 'endsWith', path: 'body', value: '$', insensitive: true }, ids: [2] },
  ],
})
