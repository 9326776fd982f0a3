import { defineEntity, embed, int, json, list, text } from 'crossfade'
import { scenario } from '../scenario.ts'

const longKey = '漢'.repeat(6_000)
const nul = 'holds the character NUL, which jsonb cannot store'
const nulText = 'a\0b'
const noForm = 'has no JSON form'
const notText = 'is not a string'

export default scenario({
  title:
    'Dirt in many places of one document: each has its issue, up to a hundred, under a path of bounded length; nothing keeps the record from moving',
  entity: defineEntity('Page', {
    mongo: 'pages',
    postgres: 'pages',
    id: int(),
    fields: {
      meta: json(),
      secret: json().sensitive(),
      words: list(text().strict()),
      lines: list(embed({ sku: text() })),
    },
  }),
  documents: [
    {
      _id: 1,
      lines: [
        { sku: 'a', x: 'q\0' },
        { sku: 'b', x: 'r\0' },
      ],
    },
    { _id: 2, meta: { 'a.b': nulText, a: { b: nulText } } },
    { _id: 3, meta: { [`${longKey} 1`]: nulText, [`${longKey} 2`]: nulText } },
    { _id: 4, secret: { 'Ann Smith': nulText } },
    // What is kept of the raw value ends in the middle of a pair of surrogates
    { _id: 5, words: [['x'.repeat(9_996) + '😀'.repeat(9)], [`x${'😀'.repeat(5_001)}`]] },
    { _id: 6, words: new Array(300).fill(5) },
    { _id: 7, words: ['clean'] },
  ],
  records: [
    { id: 1, meta: null, secret: null, words: null, lines: [{ sku: 'a' }, { sku: 'b' }] },
    { id: 2, meta: { 'a.b': null, a: { b: null } }, secret: null, words: null, lines: null },
    { id: 3, meta: { [`${longKey} 1`]: null, [`${longKey} 2`]: null }, secret: null, words: null, lines: null },
    { id: 4, meta: null, secret: { 'Ann Smith': null }, words: null, lines: null },
    { id: 5, meta: null, secret: null, words: [], lines: null },
    { id: 6, meta: null, secret: null, words: [], lines: null },
    { id: 7, meta: null, secret: null, words: ['clean'], lines: null },
  ],
  issues: [
    [1, 'lines.0.(unmapped)', nul],
    [1, 'lines.1.(unmapped)', nul],
    [2, 'meta."a.b"', noForm],
    [2, 'meta.a.b', noForm],
    [3, `meta.${'漢'.repeat(295)}…`, noForm],
    [3, `meta.${'漢'.repeat(295)}…`, noForm],
    [4, 'secret', noForm],
    [5, 'words.0', notText],
    [5, 'words.1', notText],
    ...Array.from({ length: 100 }, (_, index) => [6, `words.${index}`, notText] as const),
    [6, '(more)', 'has more than 100 issues'],
  ],
})
