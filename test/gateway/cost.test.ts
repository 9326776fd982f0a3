import { buildSchema, execute, getIntrospectionQuery, parse } from 'graphql'
import { describe, expect, test } from 'vitest'
import config from '../../crossfade.config.ts'
import { costs } from '../../src/gateway/cost.ts'
import type { Variables } from '../../src/gateway/given.ts'
import { limitsOf } from '../../src/gateway/limits.ts'

const ofDemo = costs(config.schema, config.entities, limitsOf({}))
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
    [
      'each __typename of each record',
      '{ movies(first: 10) { edges { node { a: __typename b: __typename } } } }',
      132,
      10,
    ],
    [
      'a long alias is written out with each value',
      `{ movies(first: 10) { edges { node { ${'a'.repeat(149)}: id } } } }`,
      122 + 10 * 2,
      10,
    ],
    ['so is one of a list, once', `{ ${'a'.repeat(500)}: movies(first: 10) { edges { node { id } } } }`, 122 + 10, 10],
    ['a text by itself is part of its field', '{ searchMovies(text: "a long text", first: 5) { id } }', 106, 5],
    [
      'an object of an argument costs 5, what else is in it 1, and all of it a tenth for each parent',
      '{ movies(first: 1, filter: { or: [{ title: { eq: "x" } }, { year: { in: [1, 2] } }] }) { totalCount } }',
      // Five objects, two lists, three values, of which the argument itself is one; then the two fields and statements
      202 + 29 + 2,
      0,
    ],
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
      search(first: String): [Order]  byIds(ids: [ID!]!): [Order]  of(pageSize: Int): Orders }
    type OrderPage { nodes: [Order!]!  pageInfo: PageInfo }
    type Orders { items: [Order!]  total: Int }
    type PageInfo { hasNextPage: Boolean }
    type Order implements Has { id: ID!  lines: [Line!]  customer: Customer }
    type Line { sku: String  tags: [String!] }
    type Customer { id: ID  orders(perPage: Int!, by: [String!]): [Order] }
    type Row { n: Int }
    interface Has { id: ID!  lines: [Line!] }
    union Any = Order | Customer
  `)
  const costOf = costs(schema, [], limitsOf({}))

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

  const thirty = Array.from({ length: 30 }, (_, n) => `"${n}"`)
  test.each<[title: string, query: string, variables: Variables, nodes: number]>([
    ['written in the document', `{ byIds(ids: [${thirty}]) { id } }`, {}, 30],
    ['of a variable', 'query ($ids: [ID!]!) { byIds(ids: $ids) { id } }', { ids: thirty }, 30],
    ['that a variable has by default', `query ($ids: [ID!]! = [${thirty}]) { byIds(ids: $ids) { id } }`, {}, 30],
    ['of few', '{ byIds(ids: ["1", "2"]) { id } }', {}, 20],
    ['of one that is no list', '{ byIds(ids: "1") { id } }', {}, 20],
    ['that is missing', 'query ($ids: [ID!]!) { byIds(ids: $ids) { id } }', {}, 20],
  ])('a list by ids %s', (_, query, variables, nodes) => {
    expect(costOf(parse(query), undefined, variables)?.nodes).toBe(nodes)
  })

  test('lists of one weight are told apart by their length', () => {
    const document = parse('query ($ids: [ID!]!) { byIds(ids: $ids) { id } }')
    const nodes = (ids: unknown[]) => costOf(document, undefined, { ids })?.nodes
    expect(nodes(Array.from({ length: 5 }, () => ({})))).toBe(20) // each weighs as much as five texts
    expect(nodes(Array.from({ length: 25 }, () => 'x'))).toBe(25)
  })

  test('arguments are read for each object that they stand below, and count a tenth there', () => {
    const by = Array.from({ length: 99 }, () => '"x"')
    const query = `{ all { customer { orders(perPage: 0, by: [${by}]) { id } } } }`
    // The statement and the arguments; `all`, then customers and orders with a tenth of what those are given
    expect(costOf(parse(query), undefined, {})).toEqual({ cost: 100 + 99 + 1 + 20 * (1 + 1 + 9), nodes: 40 })
  })
})

describe('arguments', () => {
  const filter = (count: number) => ({ or: Array(count).fill({ title: { eq: 'x' } }) })
  const query = 'query ($filter: MovieFilter) { movies(filter: $filter) { totalCount } }'

  test.each<[title: string, query: string, variables: Variables, cost: number]>([
    ['that are not sent cost nothing', query, {}, 202],
    ['that are null cost nothing', query, { filter: null }, 202],
    ['cost as if they were written out', query, { filter: filter(2) }, 202 + 27 + 2],
    ['cost more where they hold more', query, { filter: filter(100) }, 202 + 1105 + 110],
    [
      'inside of a literal',
      'query ($t: [String!]) { movies(filter: { title: { in: $t } }) { totalCount } }',
      { t: ['a', 'b', 'c'] },
      202 + 13 + 1,
    ],
    [
      'by their default',
      'query ($filter: MovieFilter = { title: { eq: "x" } }) { movies(filter: $filter) { totalCount } }',
      {},
      202 + 10 + 1,
    ],
    [
      'each time that they are used',
      'query ($filter: MovieFilter) { a: movies(filter: $filter) { totalCount } b: movies(filter: $filter) { totalCount } }',
      { filter: filter(100) },
      2 * (202 + 1105 + 110),
    ],
  ])('%s', (_, text, variables, expected) => {
    expect(cost(text, variables)?.cost).toBe(expected)
  })

  test('are weighed for each request, however often the document came before', () => {
    const document = parse(query)
    for (const count of [1, 2, 1, 300, 2])
      expect(ofDemo(document, undefined, { filter: filter(count) })?.cost).toBe(
        202 + 5 + 11 * count + Math.floor((5 + 11 * count) / 10),
      )
  })

  test('of any depth are weighed', () => {
    let deep: object = {}
    for (let level = 0; level < 100_000; level++) deep = { not: deep }
    expect(cost(query, { filter: deep })?.cost).toBe(202 + 500_004 + 50_000)
  })
})

describe('introspection', () => {
  const schema = buildSchema(`
    type Query { movie(id: ID!, at: Int): Movie  count: Int! }
    type Movie { id: ID!  title: String  tags: [String!]! }
    enum Genre { DRAMA COMEDY }
  `)
  const costOf = costs(schema, [], limitsOf({}))

  /** What GraphQL answers, a quarter of its values, since a root field is a value itself. */
  function answered(query: string): number {
    const result = execute({ schema, document: parse(query) })
    if (!('data' in result) || result.errors) throw new Error(`${query} was not answered`)
    const valuesIn = (value: unknown): number => {
      if (typeof value !== 'object' || value === null) return 0
      const members = Object.values(value)
      const inner = members.reduce((sum: number, each) => sum + valuesIn(each), 0)
      return inner + (Array.isArray(value) ? 0 : members.length)
    }
    const roots = Object.values(result.data!)
    return roots.reduce((sum: number, root) => sum + 1 + Math.ceil(valuesIn(root) / 4), 0)
  }

  test('costs a quarter of its values', () => {
    expect(costOf(parse('{ __type(name: "Movie") { name fields { name } } }'), undefined, {})).toEqual({
      cost: 1 + 2, // name, fields and three names
      nodes: 0,
    })
  })

  test.each([
    '{ __schema { types { name } } }',
    '{ __schema { types { fields { a: name b: name args { name type { name } } } } } }',
    '{ __schema { types { fields { type { fields { type { ofType { name kind } } } } } } } }',
    '{ __schema { directives { name locations args { defaultValue } } queryType { ...T } } } fragment T on __Type { name ...U ... { kind } } fragment U on __Type { fields(includeDeprecated: true) { isDeprecated } }',
    '{ __schema { types { name @skip(if: true) kind fields @include(if: false) { name } } } }',
    '{ __type(name: "Genre") { enumValues { name } } other: __type(name: "Nothing") { name } }',
    '{ __schema { types { __typename possibleTypes { name } interfaces { name } inputFields { name } } } }',
    getIntrospectionQuery(),
  ])('%s as it is answered', (query) => {
    expect(costOf(parse(query), undefined, {})?.cost).toBe(answered(query))
  })

  test('of a type that a variable names', () => {
    const document = parse('query ($n: String!) { __type(name: $n) { fields { name } } }')
    const ofType = (n: string) => costOf(document, undefined, { n })?.cost
    expect([ofType('Movie'), ofType('Genre'), ofType('Nothing'), ofType('Movie')]).toEqual([2, 2, 1, 2])
    expect(ofType('__Type')).toBe(1 + 3) // `fields`, and the names of 11
  })

  test('multiplies by what is asked below', () => {
    const many = Array.from({ length: 90 }, (_, n) => `a${n}: name`).join(' ')
    const query = `{ __schema { types { fields { type { fields { type { fields { ${many} } } } } } } } }`
    expect(costOf(parse(query), undefined, {})?.cost).toBe(answered(query))
  })

  test('is without end where it certainly costs more than is allowed', () => {
    const fields = Array.from({ length: 90 }, (_, n) => `a${n}: fields { name type { name } }`).join(' ')
    const query = `{ __schema { types { ${fields} } } }`
    const strictly = costs(schema, [], { listSize: 20, cost: 1_000 })
    expect(strictly(parse(query), undefined, {})?.cost).toBe(Number.MAX_SAFE_INTEGER)
    expect(costOf(parse(query), undefined, {})?.cost).toBe(answered(query))
    expect(answered(query)).toBeGreaterThan(1_000)
  })

  test('takes no time where fragments double with each level', () => {
    const levels = Array.from({ length: 150 }, (_, n) => `fragment F${n} on __Type { ...F${n + 1} ...F${n + 1} }`)
    const query = `{ __schema { types { ...F0 } } } ${levels.join(' ')} fragment F150 on __Type { name }`
    expect(costOf(parse(query), undefined, {})?.cost).toBe(Number.MAX_SAFE_INTEGER)
  })
})
