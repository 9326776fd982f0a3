import { defineEntity, int, text } from 'crossfade'
import { type Document, Long } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fieldSet } from '../../src/entity/field-set.ts'
import { everything, type Where } from '../../src/query/where.ts'
import { copyAll, openStores, type TestStores } from '../support/stores.ts'

const Word = defineEntity('Word', { mongo: 'words', postgres: 'words', id: int(), fields: { word: text().strict() } })

/** Ids are whole numbers; the last five are not, or not of 32 bits. */
const documents: readonly Document[] = [
  { _id: 1, word: '100% of_it' },
  { _id: 2, word: '100 of it' },
  { _id: 3, word: 'a\\b' },
  { _id: 4, word: 'a.*[x]+?^$(b){2}|c/#-&~"\'' },
  { _id: 5, word: 'line\n' },
  { _id: 6, word: 'line' },
  { _id: 7, word: 'two\nlines' },
  { _id: 8, word: 'ÉCOLE' },
  { _id: 9, word: 'école' },
  { _id: 10, word: 'straße' },
  { _id: 11, word: 'STRASSE' },
  { _id: 12, word: 'STRAẞE' },
  { _id: 13, word: 'İstanbul' },
  { _id: 14, word: 'istanbul' },
  { _id: 15, word: 'ISTANBUL' },
  { _id: 16, word: 'ıstanbul' },
  { _id: 17, word: 'ΟΔΟΣ' },
  { _id: 18, word: 'οδος' },
  { _id: 19, word: 'οδοσ' },
  { _id: 20, word: 'ſee' },
  { _id: 21, word: 'See' },
  { _id: 22, word: '5 \u212a' },
  { _id: 23, word: '5 k' },
  { _id: 24, word: '👩‍🚀 Ada' },
  { _id: 25, word: '👩 ada' },
  { _id: 26, word: '' },
  { _id: 27, word: null },
  { _id: 28, word: ['line'] },
  { _id: 29, word: 29 },
  { _id: 30, word: '𐐀𐐨' },
  { _id: 31, word: 'e\u0301cole' },
  { _id: 32, word: '\u00a0x' },
  { _id: Long.fromNumber(33), word: '***=a' },
  { _id: -5, word: '(?i)a' },
  { _id: 1.5, word: 'line' },
  { _id: Long.fromString('9007199254740993'), word: 'line' },
  { _id: Number.NaN, word: 'line' },
  { _id: 2147483648, word: 'line' },
  { _id: 'x', word: 'line' },
]

let stores: TestStores

beforeAll(async () => {
  stores = await openStores([Word])
  await stores.mongo.connection.collection(Word).insertMany([...documents])
  await copyAll(stores, Word)
})

afterAll(() => stores.close())

const match = (op: 'contains' | 'startsWith' | 'endsWith' | 'eq', value: string, insensitive = false): Where => ({
  op,
  path: 'word',
  value,
  insensitive,
})
const not = (of: Where): Where => ({ op: 'not', of })

const text28 = [-5, ...Array.from({ length: 33 }, (_, index) => index + 1)].filter((id) => ![27, 28, 29].includes(id))

const cases: readonly (readonly [title: string, where: Where, ids: readonly number[]])[] = [
  ['contains the empty string: all text and no null', match('contains', ''), text28],
  ['the same without regard to case', match('contains', '', true), text28],
  ['startsWith the empty string', match('startsWith', ''), text28],
  ['endsWith the empty string', match('endsWith', ''), text28],
  ['eq the empty string', match('eq', ''), [26]],
  ['eq the empty string without regard to case', match('eq', '', true), [26]],
  ['not contains finds nulls', not(match('contains', '')), [27, 28, 29]],
  ['not startsWith finds nulls, without regard to case', not(match('startsWith', '', true)), [27, 28, 29]],

  ['% is itself', match('contains', '0%'), [1]],
  ['% is itself without regard to case', match('contains', '0%', true), [1]],
  ['_ is itself', match('contains', 'of_'), [1]],
  ['_ is itself without regard to case', match('contains', 'OF_', true), [1]],
  ['a backslash is itself', match('contains', '\\'), [3]],
  ['a backslash is itself without regard to case', match('contains', 'A\\B', true), [3]],
  ['a backslash at the end', match('endsWith', '\\b'), [3]],
  ['a dot is itself', match('contains', 'a.'), [4]],
  ['a star is itself', match('contains', '.*'), [4]],
  ['brackets are themselves', match('contains', '[x]'), [4]],
  ['all marks are themselves', match('eq', 'a.*[x]+?^$(b){2}|c/#-&~"\''), [4]],
  ['all marks without regard to case', match('eq', 'A.*[X]+?^$(B){2}|C/#-&~"\'', true), [4]],
  ['all marks at the start', match('startsWith', 'a.*[x]+?^$(b){2}|c/#-&~"'), [4]],
  ['all marks at the end, without regard to case', match('endsWith', '.*[x]+?^$(B){2}|c/#-&~"\'', true), [4]],
  ["a regular expression's own prefix is text", match('startsWith', '***=', true), [33]],
  ["and another's", match('startsWith', '(?I)', true), [-5]],

  ['endsWith is not fooled by a last line break', match('endsWith', 'line'), [6]],
  ['nor without regard to case', match('endsWith', 'LINE', true), [6]],
  ['eq is not fooled by a last line break', match('eq', 'line', true), [6]],
  ['endsWith finds a line break', match('endsWith', 'line\n'), [5]],
  ['endsWith finds a line break without regard to case', match('endsWith', 'LINE\n', true), [5]],
  ['startsWith looks at the first line only', match('startsWith', 'lines'), []],
  ['the same without regard to case', match('startsWith', 'LINES', true), []],
  ['contains crosses lines', match('contains', 'o\nl'), [7]],
  ['contains crosses lines without regard to case', match('contains', 'O\nL', true), [7]],

  ['case counts', match('contains', 'école'), [9]],
  ['É is é without regard to case', match('contains', 'éCOLE', true), [8, 9]],
  ['a combining accent is not é', match('eq', 'e\u0301COLE', true), [31]],
  ['ß is ẞ and not ss', match('eq', 'Straße', true), [10, 12]],
  ['SS is not ß', match('eq', 'strasse', true), [11]],
  ['İ is only itself', match('eq', 'İSTANBUL', true), [13]],
  ['i is I, and neither İ nor ı', match('eq', 'iStanbul', true), [14, 15]],
  ['ı is only itself', match('startsWith', 'ıS', true), [16]],
  ['Σ is σ and ς', match('eq', 'οδοΣ', true), [17, 18, 19]],
  ['ς is σ and Σ', match('eq', 'ΟΔΟς', true), [17, 18, 19]],
  ['ς is not σ where case counts', match('eq', 'οδος'), [18]],
  ['ſ is s', match('eq', 'see', true), [20, 21]],
  ['s is ſ', match('startsWith', 'ſE', true), [20, 21]],
  ['K is k and the Kelvin sign', match('eq', '5 k', true), [22, 23]],
  ['the Kelvin sign is k and K', match('endsWith', '\u212a', true), [22, 23]],
  ['emoji are matched whole', match('startsWith', '👩‍🚀 ADA', true), [24]],
  ['an emoji is found inside a joined one', match('startsWith', '👩', true), [24, 25]],
  ['letters past the basic plane have case', match('eq', '𐐨𐐀', true), [30]],
  ['a no-break space is no space', match('startsWith', ' ', true), []],
  ['a no-break space is itself', match('startsWith', '\u00a0X', true), [32]],

  ['in without regard to case', { op: 'in', path: 'word', values: ['LINE', 'STRASSE'], insensitive: true }, [6, 11]],
  [
    'in without regard to case, with null',
    { op: 'in', path: 'word', values: [null, 'Line'], insensitive: true },
    [6, 27, 28, 29],
  ],
  ['eq null without regard to case', { op: 'eq', path: 'word', value: null, insensitive: true }, [27, 28, 29]],
  ['text order is that of code points, not of UTF-16', { op: 'gt', path: 'word', value: '\uffff' }, [24, 25, 30]],
  ['ranges of whole ids', { op: 'lt', path: 'id', value: 2 }, [-5, 1]],
  ['ids of other types are no ids', { op: 'eq', path: 'id', value: null }, []],
]

describe.each(['mongo', 'postgres'] as const)('Text in %s', (origin) => {
  test.each(cases)('%s', async (_title, where, ids) => {
    const order = [{ path: 'id', direction: 'asc' }] as const
    const query = { where, order, limit: 100, fields: fieldSet(Word, []) }
    const items = await stores[origin].reader.query(Word, query)
    expect(items.map(({ record }) => record.id)).toEqual(ids)
    expect(await stores[origin].reader.count(Word, where)).toBe(ids.length)
  })

  test('whole numbers are ids, in their own order', async () => {
    const { images } = await stores[origin].reader.scan(Word, { after: 31, limit: 10 })
    expect(images.map(({ id, record }) => [id, record?.['word']])).toEqual([
      [32, '\u00a0x'],
      [33, '***=a'],
    ])
    expect(await stores[origin].reader.count(Word, everything)).toBe(34)
    expect([...(await stores[origin].reader.byIds(Word, [33, -5, 99], fieldSet(Word, []))).keys()].sort()).toEqual([
      -5, 33,
    ])
  })
})

describe('Documents without a record', () => {
  test('are found once, on the first scan, however small the batch', async () => {
    const first = await stores.mongo.reader.scan(Word, { after: null, limit: 1 })
    expect(first.images.map(({ id }) => id)).toEqual([-5])
    expect(first.quarantined.map(({ id }) => id).sort()).toEqual(
      [
        '"x"',
        '{"$numberDouble":"1.5"}',
        '{"$numberDouble":"NaN"}',
        '{"$numberLong":"2147483648"}',
        '{"$numberLong":"9007199254740993"}',
      ].sort(),
    )
    for (const { issues } of first.quarantined) {
      expect(issues).toHaveLength(1)
      expect(issues[0]).toMatchObject({ path: '_id', rule: "is not of the id's kind, int" })
    }
    expect((await stores.mongo.reader.scan(Word, { after: -5, limit: 1 })).quarantined).toEqual([])
  })
})
