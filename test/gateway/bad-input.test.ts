import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openGateway, type TestGateway } from '../support/gateway.ts'

let api: TestGateway
let cursors: Record<'movies' | 'byYear' | 'users', string>

beforeAll(async () => {
  api = await openGateway(17)
  const cursorOf = async (field: string): Promise<string> => {
    const text = await api.ask(`{ page: ${field} { pageInfo { endCursor } } }`)
    return (JSON.parse(text) as { data: { page: { pageInfo: { endCursor: string } } } }).data.page.pageInfo.endCursor
  }
  cursors = {
    movies: await cursorOf('movies(first: 3)'),
    byYear: await cursorOf('movies(first: 3, orderBy: [{ field: YEAR, direction: ASC }])'),
    users: await cursorOf('users(first: 3)'),
  }
})
afterAll(() => api.close())

const browse = `query ($filter: MovieFilter, $first: Int, $last: Int, $after: String, $before: String) {
  movies(filter: $filter, first: $first, last: $last, after: $after, before: $before) { totalCount edges { node { id } } }
}`

type Nested = { not: Nested } | { title: { eq: string } }
const nested = (levels: number): Nested => {
  let filter: Nested = { title: { eq: 'x' } }
  for (let level = 0; level < levels; level++) filter = { not: filter }
  return filter
}

const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `title ${index}`)
const alter = (cursor: string): string => Buffer.from(`${Buffer.from(cursor, 'base64url')} `).toString('base64url')

/** What is asked, with which variables, and the start of what is told. */
const cases: readonly (readonly [title: string, query: string, variables: () => object, message: string])[] = [
  [
    'a filter nested 1,000 deep',
    browse,
    () => ({ filter: nested(1_000) }),
    'The filter must be nested at most 30 deep.',
  ],
  ['a filter one level too deep', browse, () => ({ filter: nested(31) }), 'The filter must be nested at most 30 deep.'],
  [
    'a list of 50,000 values',
    browse,
    () => ({ filter: { title: { in: many(50_000) } } }),
    'title.in must hold at most 10000 values, got 50000.',
  ],
  [
    'a list of 50,000 elements',
    browse,
    () => ({ filter: { genres: { hasSome: many(50_000) } } }),
    'genres.hasSome must hold at most 10000 values, got 50000.',
  ],
  [
    '1,001 filters in one',
    browse,
    () => ({ filter: { or: many(1_001).map((eq) => ({ title: { eq } })) } }),
    'or must hold at most 1000 filters, got 1001.',
  ],
  [
    'a query that is nested 5,000 deep',
    `{ movies(filter: ${'{ not: '.repeat(5_000)} {} ${'}'.repeat(5_000)}) { totalCount } }`,
    () => ({}),
    'The query has more than 2000 tokens (limits.tokens). Send a shorter one.',
  ],
  [
    '5,100 conditions in 85 groups',
    browse,
    () => ({ filter: { or: many(85).map(() => ({ or: many(60).map((eq) => ({ title: { eq } })) })) } }),
    'The filter is too large: it must hold at most 10000 filters and conditions and 20000 values in all.',
  ],
  [
    '10,000 filters that ask nothing',
    browse,
    () => ({ filter: { or: many(10).map(() => ({ and: many(1_000).map(() => ({})) })) } }),
    'The filter is too large',
  ],
  [
    'three lists of 10,000 values',
    browse,
    () => ({ filter: { or: [1, 2, 3].map(() => ({ title: { in: many(10_000) } })) } }),
    'The filter is too large',
  ],
  [
    'a part of 1,001 characters',
    browse,
    () => ({ filter: { title: { contains: 'k'.repeat(1_001) } } }),
    'title.contains must look for at most 1000 characters.',
  ],
  [
    'a text of 1,001 characters without regard to case',
    browse,
    () => ({ filter: { title: { in: ['a', 'k'.repeat(1_001)], insensitive: true } } }),
    'title.in must look for at most 1000 characters.',
  ],
  [
    'an altered cursor',
    browse,
    () => ({ after: alter(cursors.movies) }),
    'The cursor belongs to another list or order, or was altered.',
  ],
  [
    'a cursor of another order',
    browse,
    () => ({ after: cursors.byYear }),
    'The cursor belongs to another list or order',
  ],
  [
    'a cursor of another type',
    browse,
    () => ({ before: cursors.users }),
    'The cursor belongs to another list or order',
  ],
  ['text for a cursor', browse, () => ({ after: '{"$gt":""}' }), 'The cursor is not one of this API.'],
  ['first: -1', browse, () => ({ first: -1 }), 'first must be between 0 and 100, got -1.'],
  ['first: 1e9', browse, () => ({ first: 1e9 }), 'first must be between 0 and 100, got 1000000000.'],
  ['first and last', browse, () => ({ first: 1, last: 1 }), 'Give first or last, not both.'],
  [
    'an int past 32 bits',
    browse,
    () => ({ filter: { year: { eq: 2 ** 31 } } }),
    'Variable "$filter" got invalid value 2147483648 at "filter.year.eq"; Int cannot represent',
  ],
  [
    'NaN',
    `{ movies(filter: { imdbRating: { eq: NaN } }) { totalCount } }`,
    () => ({}),
    'Float cannot represent non numeric value: NaN',
  ],
  [
    'an infinite number',
    `{ movies(filter: { imdbRating: { eq: 1e400 } }) { totalCount } }`,
    () => ({}),
    'Infinity is not a valid float',
  ],
  [
    '$where as a field',
    browse,
    () => ({ filter: { $where: 'sleep(1000)' } }),
    'Variable "$filter" got invalid value { $where: "sleep(1000)" }; Field "$where" is not defined',
  ],
  [
    'an operator in place of a value',
    browse,
    () => ({ filter: { title: { eq: { $ne: null } } } }),
    'Variable "$filter" got invalid value { $ne: null } at "filter.title.eq"; String cannot represent',
  ],
  ['NUL in text', browse, () => ({ filter: { title: { contains: 'a\0b' } } }), '"a\\u0000b" is not a valid text'],
  ['a lone surrogate', browse, () => ({ filter: { title: { eq: '\ud800' } } }), '"\\ud800" is not a valid text'],
  [
    'an id that is none',
    '{ movie(id: "{ $gt: 0 }") { id } }',
    () => ({}),
    '"{ $gt: 0 }" is not a valid id: expected 24 hex digits.',
  ],
  [
    'NUL in a search',
    'query ($text: String!) { searchMovies(text: $text) { id } }',
    () => ({ text: 'a\0' }),
    '"a\\u0000" is not a valid text',
  ],
  [
    'a place that is none',
    '{ theatersNear(latitude: 91, longitude: 0, maxKilometers: 5) { kilometers } }',
    () => ({}),
    'latitude',
  ],
  [
    'a distance below zero',
    '{ theatersNear(latitude: 1, longitude: 0, maxKilometers: -5) { kilometers } }',
    () => ({}),
    'maxKilometers',
  ],
  [
    'no such field',
    '{ movies { edges { node { password } } } }',
    () => ({}),
    'Cannot query field "password" on type "Movie".',
  ],
  ['half a query', '{ movies {', () => ({}), 'Syntax Error'],
  [
    'a write of text with NUL',
    'mutation { createMovie(input: { title: "a\\u0000" }) { movie { id } } }',
    () => ({}),
    'Text at line 1: "a\\u0000" is not a valid text',
  ],
]

/** A line about a request, and not one of a watcher in the background that a busy machine kept waiting. */
const isOfRequest = (line: string): boolean => /^[A-Z_]+: |^Unexpected error| was answered by /.test(line)

describe.each(['off', 'live'] as const)('in %s', (stage) => {
  beforeAll(() => api.setStage(stage))

  test.each(cases)('%s gets a clear error and nothing else', async (_title, query, variables, message) => {
    api.logged.length = 0
    const { data, errors } = JSON.parse(await api.ask(query, variables())) as {
      data?: unknown
      errors: { message: string; extensions: { code: string } }[]
    }
    expect(errors[0]?.message).toContain(message)
    expect(errors).toHaveLength(1)
    expect(errors[0]?.extensions.code).toMatch(/^(BAD_USER_INPUT|GRAPHQL_PARSE_FAILED|GRAPHQL_VALIDATION_FAILED)$/)
    expect(data === undefined || data === null || Object.values(data).every((value) => value === null)).toBe(true)
    expect(api.logged.filter(isOfRequest)).toEqual([])
  })

  test('what is just within the bounds is answered', async () => {
    // Stand-in (SecantusDB): it takes seconds for a thousand conditions, and calls end with their time
    const groups = many(stage === 'live' ? 4 : 1).map(() => ({
      or: many(stage === 'live' ? 1_000 : 200).map((eq) => ({ title: { eq } })),
    }))
    for (const filter of [
      nested(30),
      { title: { in: many(10_000) } },
      { title: { eq: 'k'.repeat(5_000) } },
      { title: { contains: '漢'.repeat(1_000), insensitive: true } },
      { or: groups },
    ]) {
      const variables = { filter }
      expect(JSON.parse(await api.ask(browse, variables))).not.toHaveProperty('errors')
    }
  })
})
