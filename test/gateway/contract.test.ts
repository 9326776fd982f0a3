import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGateway, type TestGateway } from '../support/gateway.ts'

const operations = readFileSync(new URL('../../schema/operations/clients.graphql', import.meta.url), 'utf8')
const whole = readFileSync(new URL('../../schema/operations/demo.graphql', import.meta.url), 'utf8')

let api: TestGateway
beforeAll(async () => {
  api = await openGateway(11)
})
afterAll(() => api.close())

interface Asked {
  readonly name: string
  readonly query: string
  readonly variables: object
}

const first = async (collection: string, count: number): Promise<{ _id: unknown; email?: string }[]> =>
  api.stores.mongo.connection.db
    .collection(collection)
    .find({}, { sort: { _id: 1 }, limit: count })
    .toArray()

/** Every read of the clients, also with arguments at their edges and with mistakes. */
async function reads(): Promise<Asked[]> {
  const movies = (await first('movies', 12)).map(({ _id }) => String(_id))
  const theaters = (await first('theaters', 3)).map(({ _id }) => String(_id))
  const emails = (await first('users', 5)).map(({ email }) => email)
  const client = (name: string, variables: object): Asked => ({ name, query: operations, variables })
  const ad = (query: string, variables: object = {}): Asked => ({ name: '', query, variables })
  const browse = (variables: object): Asked => client('Browse', { first: 15, ...variables })
  return [
    ...movies.map((id) => client('MoviePage', { id })),
    ...movies.slice(0, 3).map((id) => ({ name: 'WholeMovie', query: whole, variables: { id } })),
    ...theaters.map((id) => ({ name: 'WholeTheater', query: whole, variables: { id } })),
    client('RecentComments', { first: 30 }),
    ...emails.map((email) => client('Profile', { email })),
    client('Profile', { email: 'nobody@example.com' }),
    browse({}),
    browse({ orderBy: [] }),
    browse({ filter: { year: { eq: null } } }),
    browse({ filter: { imdbRating: { gte: 6.5 }, not: { genres: { has: 'Drama' } } } }),
    browse({ filter: { or: [{ title: { contains: 'É', insensitive: true } }, { rated: { ne: 'PG' } }] } }),
    browse({ filter: { genres: { isEmpty: true } } }),
    browse({ filter: { cast: { isNull: true } } }),
    browse({ filter: { title: { in: [] } } }),
    browse({ filter: { released: { lt: '1950-01-01T00:00:00.000Z' } } }),
    ...['YEAR', 'RELEASED', 'IMDB_RATING', 'METACRITIC', 'COMMENT_COUNT'].flatMap((field) => [
      browse({
        orderBy: [
          { field, direction: 'ASC' },
          { field: 'TITLE', direction: 'DESC' },
        ],
      }),
      browse({ orderBy: [{ field, direction: 'DESC' }] }),
    ]),
    browse({ filter: { title: { lt: 'B', insensitive: true } } }),
    browse({ after: 'not a cursor' }),
    browse({ first: -1 }),
    ...['the', 'night', 'É', 'ß', ''].map((text) => client('Search', { text })),
    client('Genres', {}),
    client('Genres', { minimumYear: 1960 }),
    client('Nearby', { longitude: -73.98, latitude: 40.75 }),
    client('Nearby', { longitude: 179.9, latitude: 0 }),
    ad(
      '{ movies(last: 3) { totalCount edges { cursor node { id title } } pageInfo { hasPreviousPage hasNextPage startCursor } } }',
    ),
    ad('{ movie(id: "nonsense") { id } }'),
    ad('{ movie(id: "FFFFFFFFFFFFFFFFFFFFFFFF") { id } }'),
    ad('{ users(first: 0) { edges { node { id } } pageInfo { hasNextPage } } }'),
    ad(
      '{ theaters(filter: { city: { startsWith: "S" } }, first: 5) { edges { node { theaterId address { city } } } } }',
    ),
  ]
}

async function answers(asked: readonly Asked[]): Promise<string[]> {
  const texts: string[] = []
  for (const { name, query, variables } of asked) texts.push(await api.ask(query, variables, name || undefined))
  return texts
}

test('every operation of the contract gives the same bytes in every stage, and nothing diverges', {
  timeout: 300_000,
}, async () => {
  const asked = await reads()
  const off = await answers(asked)
  // What was asked is really answered: one in ten is a deliberate mistake
  expect(off.filter((text) => !text.includes('"errors"')).length).toBeGreaterThanOrEqual(asked.length - 5)
  for (const stage of ['dualwrite', 'shadow', 'live', 'rampdown', 'live', 'shadow'] as const) {
    await api.setStage(stage)
    const texts = await answers(asked)
    for (const [index, text] of texts.entries())
      expect(text, `${stage}: ${JSON.stringify(asked[index]!.variables)}`).toBe(off[index])
  }
  await api.idle()
  expect(api.reported).toEqual([])
  expect(api.gateway.routing.shadow.statistics.of('Movie').matched).toBeGreaterThan(50)
  for (const stage of ['live', 'rampdown', 'complete'] as const) await api.setStage(stage)
  expect(await answers(asked)).toEqual(off)
})

test('mistakes are told with a code, and nothing of the inside', async () => {
  const code = async (query: string, variables: object = {}): Promise<string> => {
    const { errors } = JSON.parse(await api.ask(query, variables)) as { errors?: { extensions: { code: string } }[] }
    return errors?.[0]?.extensions.code ?? 'none'
  }
  const [movie] = await first('movies', 1)
  const id = String(movie!._id)
  expect(await code('{ movie(id: "nonsense") { id } }')).toBe('BAD_USER_INPUT')
  expect(await code('{ movies(first: 101) { totalCount edges { cursor } } }')).toBe('BAD_USER_INPUT')
  expect(await code('{ movies(first: 1, last: 1) { edges { cursor } } }')).toBe('BAD_USER_INPUT')
  expect(await code('mutation ($id: ID!) { rateMovie(id: $id, rating: 10.5) { movie { id } } }', { id })).toBe(
    'BAD_USER_INPUT',
  )
  expect(
    await code('mutation ($id: ID!) { updateMovie(id: $id, patch: { title: null }) { movie { id } } }', { id }),
  ).toBe('BAD_USER_INPUT')
  const email = (await first('users', 1))[0]!.email
  const create =
    'mutation ($email: String!) { createUser(input: { name: "N", email: $email, password: "p" }) { user { id } } }'
  expect(await code(create, { email })).toBe('CONFLICT')
  expect(await code('{ nothing }')).not.toBe('none')
  expect(await code('mutation ($id: ID!) { addGenre(id: $id, genre: "a\\u0000b") { movie { id } } }', { id })).toBe(
    'BAD_USER_INPUT',
  )
})

test('a mutation on an id that does not exist returns null and leaves nothing behind', async () => {
  const missing = 'ffffffffffffffffffffffff'
  const before = await api.stores.mongo.connection.db.collection('comments').countDocuments()
  expect(JSON.parse(await api.ask(`mutation { rateMovie(id: "${missing}", rating: 5) { movie { id } } }`))).toEqual({
    data: { rateMovie: { movie: null } },
  })
  expect(JSON.parse(await api.ask(`mutation { deleteMovie(id: "${missing}") { deletedId } }`))).toEqual({
    data: { deleteMovie: { deletedId: null } },
  })
  const add = `mutation { addComment(input: { movieId: "${missing}", name: "N", email: "e", text: "t" }) { comment { id } } }`
  expect(JSON.parse(await api.ask(add))).toEqual({ data: { addComment: { comment: null } } })
  await api.idle()
  expect(await api.stores.mongo.connection.db.collection('comments').countDocuments()).toBe(before)
})
