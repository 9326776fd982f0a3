import { defineEntity, int, json, list, text } from 'crossfade'
import { scenario } from '../scenario.ts'

const words = Array.from({ length: 50_000 }, (_, index) => `word ${index % 977}`)
const numbers = Array.from({ length: 50_000 }, (_, index) => index)
const page = 'ä'.repeat(1_000)
const pages = Array.from({ length: 5_000 }, () => page) // 10 MB of UTF-8

export default scenario({
  title: 'Documents of 10 MB and lists of 50,000 elements: in a column, in a child table, in json() and unmapped',
  entity: defineEntity('Archive', {
    mongo: 'archives',
    postgres: 'archives',
    id: int(),
    fields: { words: list(text()).childTable('archive_words'), numbers: list(int()), pages: json() },
  }),
  documents: [
    { _id: 1, words, numbers },
    { _id: 2, pages },
    { _id: 3, other: pages },
  ],
  records: [
    { id: 1, words, numbers, pages: null },
    { id: 2, words: null, numbers: null, pages },
    { id: 3, words: null, numbers: null, pages: null },
  ],
  finds: [
    { where: { op: 'has', path: 'words', values: ['word 976'], need: 'some' }, ids: [1] },
    { where: { op: 'has', path: 'numbers', values: [0, 49_999], need: 'every' }, ids: [1] },
  ],
})
