import { defineEntity, embed, json, text } from 'crossfade'
import { scenario } from '../scenario.ts'

export default scenario({
  title:
    'Keys are data (translations by language): json() carries the whole object, the languages that are known may be mapped',
  entity: defineEntity('Phrase', {
    mongo: 'phrases',
    postgres: 'phrases',
    id: text(),
    fields: { titles: json(), names: embed({ en: text(), de: text() }) },
  }),
  documents: [
    { _id: 'hello', titles: { en: 'Hello', 'pt-BR': 'Olá', '': 'empty key' }, names: { en: 'Hello', fr: 'Salut' } },
    { _id: 'none', titles: {}, names: {} },
    { _id: 'null', titles: { en: null }, names: null },
  ],
  records: [
    {
      id: 'hello',
      titles: { en: 'Hello', 'pt-BR': 'Olá', '': 'empty key' },
      names: { en: 'Hello', de: null },
    },
    { id: 'none', titles: {}, names: { en: null, de: null } },
    { id: 'null', titles: { en: null }, names: null },
  ],
  finds: [{ where: { op: 'eq', path: 'names.en', value: 'Hello' }, ids: ['hello'] }],
})
