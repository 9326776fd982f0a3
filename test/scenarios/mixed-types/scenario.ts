import { defineEntity, int, json, text } from 'crossfade'
import { Double, Long } from 'mongodb'
import { scenario } from '../scenario.ts'

export default scenario({
  title:
    'One field holds numbers, text, lists and objects: json() carries each as it is; a typed field has what its scalar makes of it, and reports the rest',
  entity: defineEntity('Part', {
    mongo: 'parts',
    postgres: 'parts',
    id: int(),
    fields: { size: json(), weight: int({ intPrefix: true }), label: text() },
  }),
  documents: [
    { _id: 1, size: 42, weight: 12, label: 'a' },
    { _id: 2, size: 'XL', weight: '12 kg', label: 5 },
    { _id: 3, size: [36, 'M', null], weight: 12.5, label: null },
    { _id: 4, size: { min: 1, max: new Double(2.5) }, weight: Long.fromNumber(7) },
    { _id: 5, size: false, weight: 'heavy', label: { de: 'x' } },
  ],
  records: [
    { id: 1, size: 42, weight: 12, label: 'a' },
    { id: 2, size: 'XL', weight: 12, label: '5' },
    { id: 3, size: [36, 'M', null], weight: null, label: null },
    { id: 4, size: { min: 1, max: 2.5 }, weight: 7, label: null },
    { id: 5, size: false, weight: null, label: null },
  ],
  normalised: [{ _id: 2, size: 'XL', weight: 12, label: '5' }],
  issues: [
    [3, 'weight', 'is not a whole number'],
    [5, 'weight', 'is not a whole number of 32 bits'],
    [5, 'label', 'is not a string'],
  ],
  finds: [
    { where: { op: 'gte', path: 'weight', value: 12 }, ids: [1, 2] },
    {
      where: { op: 'eq', path: 'label', value: null },
      order: [{ path: 'weight', direction: 'desc' }],
      ids: [4, 5, 3],
    },
  ],
})
