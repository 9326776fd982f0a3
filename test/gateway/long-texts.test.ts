import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGateway, type TestGateway } from '../support/gateway.ts'

let api: TestGateway
beforeAll(async () => {
  api = await openGateway(29)
  await api.setStage('live')
})
afterAll(() => api?.close())

const long = 'word '.repeat(19_800)
const many = (count: number): string[] => Array.from({ length: count }, (_, n) => `w${n}`)
const movies = 'query ($filter: MovieFilter) { found: movies(filter: $filter) { totalCount edges { node { id } } } }'
const comments =
  'query ($filter: CommentFilter) { found: comments(filter: $filter) { totalCount edges { node { id } } } }'

/** Where a text is taken that nothing bounds but the body; an answer, or the start of what is told. */
test.each<[title: string, query: string, variables: object, told: string | null]>([
  ...['eq', 'ne', 'gt', 'gte', 'lt', 'lte'].map(
    (op) => [op, movies, { filter: { title: { [op]: long } } }, null] as [string, string, object, null],
  ),
  ['in', movies, { filter: { title: { in: [long, 'x'] } } }, null],
  ['notIn', movies, { filter: { title: { notIn: [long] } } }, null],
  ['in of 10,000', movies, { filter: { title: { in: many(10_000) } } }, null],
  ['in of 50,000', movies, { filter: { title: { in: many(50_000) } } }, 'title.in must hold at most 10000 values'],
  ['has', movies, { filter: { genres: { has: long } } }, null],
  ['hasSome', movies, { filter: { genres: { hasSome: [long, 'Drama'] } } }, null],
  ['hasEvery', movies, { filter: { genres: { hasEvery: [long, 'Drama'] } } }, null],
  [
    'hasEvery of 50,000',
    movies,
    { filter: { genres: { hasEvery: many(50_000) } } },
    'genres.hasEvery must hold at most 1000 values',
  ],
  ['contains', movies, { filter: { title: { contains: long } } }, 'title.contains must look for at most 1000'],
  ['startsWith', movies, { filter: { title: { startsWith: long } } }, 'title.startsWith must look for at most 1000'],
  ['endsWith', movies, { filter: { title: { endsWith: long } } }, 'title.endsWith must look for at most 1000'],
  [
    'eq without case',
    movies,
    { filter: { title: { eq: long, insensitive: true } } },
    'title.eq must look for at most 1000',
  ],
  ['in without case', movies, { filter: { title: { in: many(10_000), insensitive: true } } }, 'title.in'],
  ['an id', comments, { filter: { movieId: { eq: long } } }, 'is not a valid id'],
  ['ids', comments, { filter: { movieId: { in: many(1_000) } } }, 'is not a valid id'],
  ['an e-mail address', 'query ($email: String!) { found: userByEmail(email: $email) { id } }', { email: long }, null],
  ['a record by id', 'query ($id: ID!) { found: movie(id: $id) { id } }', { id: long }, 'is not a valid id'],
])('99 KB for %s get the same answer of both stores', async (_, query, variables, told) => {
  const answers: string[] = []
  for (const readPercent of [0, 100]) {
    await api.moveReads(readPercent)
    answers.push(await api.ask(query, variables))
  }
  expect(answers[0]).toBe(answers[1])
  const { data, errors } = JSON.parse(answers[0]!) as {
    data?: object
    errors?: { message: string; extensions: object }[]
  }
  if (told === null)
    return expect([errors, data]).toEqual([undefined, { found: expect.toBeOneOf([null, expect.anything()]) }])
  expect(errors).toHaveLength(1)
  expect(errors![0]!.message).toContain(told)
  expect(errors![0]!.extensions).toEqual({ code: 'BAD_USER_INPUT' })
})
