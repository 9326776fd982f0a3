import { defineEntity, int, text } from 'crossfade'
import { children, childrenPage, connection, createBuilder, entityType, page, record } from 'crossfade/pothos'
import { buildSchema, parse } from 'graphql'
import { describe, expect, test } from 'vitest'
import { costs } from '../../src/gateway/cost.ts'
import type { Variables } from '../../src/gateway/given.ts'
import { limitsOf } from '../../src/gateway/limits.ts'

const Song = defineEntity('Song', {
  mongo: 'songs',
  postgres: 'songs',
  id: int(),
  fields: { title: text(), year: int() },
})

const builder = createBuilder()
const below = { by: 'year', of: 'year' } as const
const cursor = { decode: (text: string) => ({ offset: Number(text) }) }
builder.objectFields(entityType(builder, Song), (t) => ({
  sameYear: childrenPage(t, Song, below),
  around: childrenPage(t, Song, { ...below, args: { limit: 'amount', page: 'nth' } }),
  behind: children(t, Song, { ...below, cursor }),
}))
builder.queryType({
  fields: (t) => ({
    song: record(t, Song),
    songs: page(t, Song),
    few: page(t, Song, { maxOffset: 500, args: { limit: 'amount', offset: 'from' } }),
    numbered: page(t, Song, { args: { limit: 'limit', page: 'page' } }),
    earlier: connection(t, Song, { cursor }),
    all: connection(t, Song),
  }),
})
const costOf = costs(builder.toSchema(), [Song], limitsOf({}))
const cost = (query: string, variables: Variables = {}) => costOf(parse(query), undefined, variables)?.cost

/** A statement, the field, and one value of each record of the page. */
const ofPage = (size: number): number => 100 + 1 + size

describe('records before a page cost a tenth of a value', () => {
  test.each<[title: string, query: string, cost: number]>([
    ['none', '{ songs { id } }', ofPage(20)],
    ['an offset', '{ songs(offset: 3000) { id } }', ofPage(20) + 300],
    ['fewer than ten are none', '{ songs(offset: 9) { id } }', ofPage(20)],
    [
      'an offset past the bound, which is refused where it is read',
      '{ songs(offset: 90000) { id } }',
      ofPage(20) + 1_000,
    ],
    ['an offset past a bound of its own', '{ few(from: 900) { id } }', ofPage(20) + 50],
    ['an offset below none', '{ songs(offset: -3000) { id } }', ofPage(20)],
    ['an offset and a limit by names of their own', '{ few(from: 400, amount: 7) { id } }', ofPage(7) + 40],
    ['the number of a page', '{ numbered(page: 31, limit: 100) { id } }', ofPage(100) + 300],
    ['the number of a page of the usual size', '{ numbered(page: 51) { id } }', ofPage(20) + 100],
    ['the first page', '{ numbered(page: 1, limit: 100) { id } }', ofPage(100)],
    ['a number without end', '{ numbered(page: 2147483647, limit: 100) { id } }', ofPage(100) + 1_000],
    ['a cursor of an earlier API', '{ earlier(first: 5, after: "9") { edges { node { id } } } }', 102 + 10 + 1_000],
    ['no such cursor', '{ earlier(first: 5, after: null) { edges { node { id } } } }', 102 + 10],
    ['a cursor of ours', '{ all(first: 5, after: "9") { edges { node { id } } } }', 102 + 10],
    [
      'below a record, for each of the parents',
      '{ songs(limit: 100) { sameYear(limit: 1, offset: 500) { id } } }',
      201 + 100 * (1 + 50 + 1),
    ],
    [
      'below a record by the number of a page',
      '{ songs(limit: 10) { around(amount: 30, nth: 11) { id } } }',
      201 + 10 * (1 + 30 + 30),
    ],
    [
      'below a record past the bound',
      '{ songs(limit: 10) { sameYear(limit: 1, offset: 5000) { id } } }',
      201 + 10 * 102,
    ],
    [
      'below a record by a cursor of an earlier API',
      '{ songs(limit: 10) { behind(first: 1, after: "3") { edges { node { id } } } } }',
      201 + 10 * (2 + 2 + 100),
    ],
  ])('%s', (_, query, expected) => {
    expect(cost(query)).toBe(expected)
  })

  test('of a variable, for each of its values', () => {
    const query =
      'query ($n: Int, $after: String) { songs(offset: $n) { id } earlier(first: 0, after: $after) { totalCount } }'
    const without = ofPage(20) + 202
    expect(cost(query)).toBe(without)
    expect([10, 2_000, 10].map((n) => cost(query, { n }))).toEqual([without + 1, without + 200, without + 1])
    expect(cost(query, { after: 'x' })).toBe(without + 1_000)
  })

  test('many deep pages below many records are refused', () => {
    const aliases = Array.from({ length: 60 }, (_, n) => `a${n}: sameYear(limit: 1, offset: ${1_000 - n}) { id }`)
    expect(cost(`{ songs(limit: 100) { ${aliases.join(' ')} } }`)).toBeGreaterThan(limitsOf({}).cost)
  })

  test.each<[title: string, query: string, variables: Variables, cost: number]>([
    ['where none is given', '{ songs { id } }', {}, ofPage(20) + 300],
    ['where another one is', '{ songs(offset: 10) { id } }', {}, ofPage(20) + 1],
    ['where null is', '{ songs(offset: null) { id } }', {}, ofPage(20)],
    ['where a variable is not sent', 'query ($n: Int) { songs(offset: $n) { id } }', {}, ofPage(20) + 300],
    ['where a variable is null', 'query ($n: Int) { songs(offset: $n) { id } }', { n: null }, ofPage(20)],
    ['that is the number of a page', '{ numbered { id } }', {}, ofPage(10) + 30],
  ])('by the value that the schema gives, %s', (_, query, variables, expected) => {
    const schema = buildSchema(`type Query { songs(limit: Int, offset: Int = 3000): SongConnection
      numbered(perPage: Int = 10, page: Int = 31): SongConnection } type SongConnection { nodes: [Song!] } type Song { id: ID }`)
    // The page and its records: the list is a value of its own
    expect(
      costs(schema, [Song], limitsOf({}))(parse(query.replace('{ id }', '{ nodes { id } }')), undefined, variables)
        ?.cost,
    ).toBe(expected + 1)
  })

  test('what an app pages by itself is its own affair', () => {
    const schema = buildSchema('type Query { rows(limit: Int, offset: Int): [Row] } type Row { n: Int }')
    const ofRows = costs(schema, [], limitsOf({}))
    expect(ofRows(parse('{ rows(limit: 3, offset: 5000000) { n } }'), undefined, {})?.cost).toBe(104)
  })
})
