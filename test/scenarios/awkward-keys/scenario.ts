import { defineEntity, int, json, text } from 'crossfade'
import { scenario } from '../scenario.ts'

export default scenario({
  title:
    'Keys with dots, spaces, $ and quotes: paths may hold spaces and quotes; dotted and $ keys live inside json() or unmapped',
  entity: defineEntity('Form', {
    mongo: 'forms',
    postgres: 'forms',
    id: int(),
    fields: { answer: text().at('the answer'), quoted: text().at('it\'s "q"').column('it\'s "q"'), raw: json() },
  }),
  documents: [
    {
      _id: 1,
      'the answer': 'yes',
      'it\'s "q"': 'x',
      raw: { 'a.b': 1, $set: { $inc: 1 }, '': 0, __proto__x: 1, 'ключ 🔑': true },
      'not.mapped': { $where: 'x' },
      $odd: 1,
      // Names that Extended JSON has for types
      like: { $date: 'x', at: [{ $oid: 'zz' }, { $numberInt: 'x' }], $$date: { $binary: 1 } },
      note: 'six characters, \\u0000, and no NUL',
    },
  ],
  records: [
    {
      id: 1,
      answer: 'yes',
      quoted: 'x',
      raw: { 'a.b': 1, $set: { $inc: 1 }, '': 0, __proto__x: 1, 'ключ 🔑': true },
    },
  ],
  finds: [
    { where: { op: 'eq', path: 'answer', value: 'yes' }, ids: [1] },
    { where: { op: 'eq', path: 'quoted', value: 'x' }, order: [{ path: 'quoted', direction: 'desc' }], ids: [1] },
  ],
})
