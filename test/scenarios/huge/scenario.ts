import { defineEntity, embed, int, json, list, text, timestamp } from 'crossfade'
import { scenario } from '../scenario.ts'

const words = Array.from({ length: 50_000 }, (_, index) => `word ${index % 977}`)
const numbers = Array.from({ length: 50_000 }, (_, index) => index)
const visit = { at: timestamp(), page: int() }
const visits = Array.from({ length: 50_000 }, (_, index) => ({ at: new Date(index), page: index % 7 }))
const page = 'ä'.repeat(1_000)
const pages = Array.from({ length: 5_000 }, () => page) // 10 MB of UTF-8

const none = { words: null, numbers: null, pages: null, visits: null, calls: null }

export default scenario({
  title:
    'Documents of 10 MB and lists of 50,000 elements or objects: in a column, in a child table, in json() and unmapped',
  entity: defineEntity('Archive', {
    mongo: 'archives',
    postgres: 'archives',
    id: int(),
    fields: {
      words: list(text()).childTable('archive_words'),
      numbers: list(int()),
      pages: json(),
      visits: list(embed(visit)),
      calls: list(embed(visit)).childTable('archive_calls'),
    },
  }),
  documents: [
    { _id: 1, words, numbers },
    { _id: 2, pages },
    { _id: 3, other: pages },
    { _id: 4, visits, calls: visits },
  ],
  records: [
    { ...none, id: 1, words, numbers },
    { ...none, id: 2, pages },
    { ...none, id: 3 },
    { ...none, id: 4, visits, calls: visits },
  ],
  finds: [
    { where: { op: 'has', path: 'words', values: ['word 976'], need: 'some' }, ids: [1] },
    { where: { op: 'has', path: 'numbers', values: [0, 49_999], need: 'every' }, ids: [1] },
    { where: { op: 'some', path: 'visits', where: { op: 'eq', path: 'at', value: new Date(49_999) } }, ids: [4] },
    { where: { op: 'some', path: 'calls', where: { op: 'gt', path: 'page', value: 6 } }, ids: [] },
  ],
})
