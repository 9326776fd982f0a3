import { buildSchema, parse } from 'graphql'
import { describe, expect, test } from 'vitest'
import config from '../../crossfade.config.ts'
import { costs, type Variables } from '../../src/gateway/cost.ts'

const ofDemo = costs(config.schema, config.entities, 20)
const cost = (query: string, variables: Variables = {}, operationName?: string) =>
  ofDemo(parse(query), operationName, variables)

describe('what a query costs', () => {
  test.each<[title: string, query: string, cost: number, nodes: number]>([
    ['a record is a statement and its fields', '{ movie(id: 1) { id title } }', 103, 1],
    ['objects inside of it count', '{ movie(id: 1) { imdb { rating } awards { wins } } }', 105, 3],
    ['pages multiply what is below them', '{ movies(first: 10) { edges { node { id } } } }', 122, 10],
    ['a count is a statement', '{ movies(first: 10) { totalCount } }', 202, 0],
    ['without a size the page is of 20', '{ movies { edges { node { id } } } }', 142, 20],
    ['null is no size', '{ movies(first: null) { edges { node { id } } } }', 142, 20],
    ['a page of none', '{ movies(first: 0) { edges { node { id } } } }', 102, 0],
    ['a size below zero counts as none', '{ movies(last: -5) { edges { node { id } } } }', 102, 0],
    ['pages hold at most 100', '{ movies(first: 1000000000) { edges { node { id } } } }', 302, 100],
    ['the size that the schema gives', '{ searchMovies(text: "x") { id } }', 121, 20],
    ['a list that no bound is known of', '{ searchMovies(text: "x", first: 5000) { id } }', 5_101, 5_000],
    ['a list whose size nothing tells', '{ genreStats { genre } }', 121, 20],
    ['references are a statement a level', '{ comments(first: 3) { edges { node { movie { id } } } } }', 211, 6],
    [
      'levels multiply',
      '{ users(first: 7) { edges { node { comments(first: 5) { edges { node { id } } } } } } }',
      // 1 users, 1 edges, 7 times node and comments and edges, 35 times node and id
      200 + 1 + 1 + 7 * 3 + 35 * 2,
      42,
    ],
    [
      'case a: four levels of a hundred',
      '{users(first:100){edges{node{comments(first:100){edges{node{movie{comments(first:100){edges{node{author{id}}}}}}}}}}}}',
      3_040_802,
      2_020_100,
    ],
    ['case d: 600 counts', `{${Array.from({ length: 600 }, (_, n) => `a${n}:movies{totalCount}`)}}`, 121_200, 0],
    ['aliases count each', '{ a: movie(id: 1) { id } b: movie(id: 1) { id } }', 204, 2],
    ['inline fragments count where they stand', '{ movie(id: 1) { ... on Movie { id } ... { title } } }', 103, 1],
    ['fragments count for each spread', '{ ...F ...F } fragment F on Query { movie(id: 1) { id } }', 204, 2],
    [
      'a fragment of a page has its size',
      '{movies(first:9){...P}} fragment P on MovieConnection{edges{node{id}}}',
      120,
      9,
    ],
    [
      'a fragment of pages of two sizes has each',
      '{a:movies(first:9){...P} b:movies(first:1){...P}} fragment P on MovieConnection{edges{node{id}}}',
      224,
      10,
    ],
    [
      'what is left out costs nothing',
      '{ movie(id: 1) { id title @skip(if: true) plot @include(if: false) } }',
      102,
      1,
    ],
    ['what is kept does', '{ movie(id: 1) { id title @skip(if: false) plot @include(if: true) } }', 104, 1],
    ['__typename is a value', '{ __typename movie(id: 1) { __typename } }', 103, 1],
    ['introspection by its fields', '{ __schema { types { name } } __type(name: "Movie") { kind } }', 500, 0],
    ['writes cost as reads do', 'mutation { deleteMovie(id: 1) { deletedId } }', 102, 1],
  ])('%s', (_, query, expected, nodes) => {
    expect(cost(query)).toEqual({ cost: expected, nodes })
  })

  test('fragments that double with each level take no time and count in full', () => {
    const levels = Array.from({ length: 300 }, (_, n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`)
    const query = `{ ...F0 } ${levels.join(' ')} fragment F300 on Query { movies(first: 100) { edges { node { id } } } }`
    expect(cost(query)).toEqual({ cost: Number.MAX_SAFE_INTEGER, nodes: Number.MAX_SAFE_INTEGER })
    // A page of none on top of what is without end is still a number
    expect(cost(query.replace('first: 100', 'first: 0'))?.nodes).toBe(0)
  })

  test('of several operations the one that is named counts, and none where none is', () => {
    const query = 'query A { movie(id: 1) { id } } query B { genreStats { genre } }'
    expect(cost(query, {}, 'A')).toEqual({ cost: 102, nodes: 1 })
    expect(cost(query, {}, 'B')).toEqual({ cost: 121, nodes: 20 })
    expect(cost(query)).toBeNull()
    expect(cost(query, {}, 'C')).toBeNull()
  })
})

describe('variables', () => {
  const document = parse(
    'query ($n: Int, $m: Int = 5, $s: Boolean = false) { movies(first: $n) { edges { node { comments(first: $m) @skip(if: $s) { edges { node { id } } } } } } }',
  )
  test.each<[Variables, number]>([
    [{}, 20 + 100],
    [{ n: 2 }, 2 + 10],
    [{ n: 3 }, 3 + 15],
    [{ n: 2 }, 2 + 10],
    [{ n: 2, m: 1 }, 2 + 2],
    [{ n: 2, m: null }, 2 + 40],
    [{ n: 2, m: 1, s: true }, 2],
    [{ n: 2, s: true }, 2],
    [{ n: '2', m: 1 }, 20 + 20], // refused where it is read
    [{ n: null, m: 1 }, 20 + 20],
    [JSON.parse('{"__proto__": {"n": 1}}'), 20 + 100],
    [{ n: 2, other: 'x' }, 2 + 10],
  ])('%j ask for %i objects', (variables, nodes) => {
    expect(ofDemo(document, undefined, variables)?.nodes).toBe(nodes)
  })

  test('many values of a variable are each counted right', () => {
    for (const n of [...Array(101).keys(), ...Array(101).keys()])
      expect(ofDemo(document, undefined, { n, m: 1 })?.nodes).toBe(2 * n)
  })
})

describe('a schema of another making', () => {
  const schema = buildSchema(`
    type Query { orders(limit: Int, page: Int): OrderPage  all: [Order!]!  top(count: Int = 7): [[Row]]  any: [Any]
      search(first: String): [Order]  of(pageSize: Int): Orders }
    type OrderPage { nodes: [Order!]!  pageInfo: PageInfo }
    type Orders { items: [Order!]  total: Int }
    type PageInfo { hasNextPage: Boolean }
    type Order implements Has { id: ID!  lines: [Line!]  customer: Customer }
    type Line { sku: String  tags: [String!] }
    type Customer { id: ID  orders(perPage: Int!): [Order] }
    type Row { n: Int }
    interface Has { id: ID!  lines: [Line!] }
    union Any = Order | Customer
  `)
  const costOf = costs(schema, [], 20)

  test.each([
    ['a page by its limit', '{ orders(limit: 30) { nodes { id } pageInfo { hasNextPage } } }', 30],
    ['a page without one', '{ orders(page: 3) { nodes { id } } }', 20],
    ['a page of no known form, where an argument tells', '{ of(pageSize: 9) { items { id } total } }', 1 + 9],
    ['such a page, where none does', '{ of { items { id } } }', 1 + 20],
    ['a list by itself', '{ all { id } }', 20],
    ['lists of lists are one list', '{ top { n } }', 7],
    ['an argument of another type is no size', '{ search(first: "5000") { id } }', 20],
    ['lists in lists', '{ orders(limit: 5) { nodes { lines { sku } } } }', 5 + 100],
    ['texts in lists are values', '{ orders(limit: 5) { nodes { lines { tags } } } }', 5 + 100],
    [
      'members of a union',
      '{ any { ... on Order { lines { sku } } ... on Customer { orders(perPage: 2) { id } } } }',
      460,
    ],
    ['an interface', '{ all { ... on Has { id lines { sku } } } }', 20 + 400],
  ])('%s', (_, query, nodes) => {
    expect(costOf(parse(query), undefined, {})?.nodes).toBe(nodes)
  })
})
