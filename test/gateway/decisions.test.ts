import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { observeQueries, type Seen } from '../support/observe-queries.ts'

let api: TestGateway
let seen: Seen[]
beforeAll(async () => {
  api = await openGateway(23)
  await api.setStage('shadow')
  await api.moveReads(100)
  seen = observeQueries(api.stores)
})
afterAll(() => api.close())

/** Which store answered, told by the column that Postgres has for an object's presence, and whether it was compared. */
async function read(): Promise<{ by: string[]; compared: boolean }> {
  seen.length = 0
  const statistics = api.gateway.routing.shadow.statistics.of('Movie')
  const before = statistics.compared
  expect(await api.ask('{ movies(first: 3) { edges { node { imdb { rating } } } } }')).not.toContain('errors')
  await api.gateway.routing.shadow.idle()
  const by = seen.map(({ fields }) => (fields.includes('has_imdb') ? 'postgres' : 'mongo'))
  return { by, compared: statistics.compared > before }
}

async function until(on: boolean): Promise<void> {
  api.kill(on)
  while (api.gateway.routing.killSwitch.isOn('Movie') !== on) await new Promise((done) => setTimeout(done, 10))
}

test('the kill switch sends every read to the authority and compares none, until it is taken off', async () => {
  // Once it is known, by a look that is young, that the mirror is not behind
  const soon = { timeout: 20_000 }
  await expect.poll(read, soon).toEqual({ by: ['postgres'], compared: true })
  await until(true)
  expect(await read()).toEqual({ by: ['mongo'], compared: false })
  await until(false)
  await expect.poll(read, soon).toEqual({ by: ['postgres'], compared: true })
})

test('the payload of a mutation is read where it was written, and is not compared', async () => {
  const { _id } = (await api.stores.mongo.connection.db.collection('movies').findOne({ imdb: { $type: 'object' } }))!
  const statistics = api.gateway.routing.shadow.statistics.of('Movie')
  const before = statistics.compared
  seen.length = 0
  const mutation = `mutation ($input: AddCommentInput!) {
    addComment(input: $input) { comment { movie { imdb { rating } } } }
  }`
  const input = { movieId: String(_id), name: 'A', email: 'a@example.com', text: 'x' }
  expect(await api.ask(mutation, { input })).not.toContain('errors')
  await api.gateway.routing.shadow.idle()
  expect(seen).toEqual([{ from: 'movies', fields: ['imdb.rating'] }])
  expect(statistics.compared).toBe(before)
})

test('whoever has written reads it, though the mirror does not have it and answers him else', async () => {
  const { replica } = api.stores.postgres
  const { bulkPut } = replica
  const movie = (await api.stores.mongo.connection.db.collection('movies').findOne({ imdb: { $type: 'object' } }))!
  await expect.poll(read, { timeout: 20_000 }).toEqual({ by: ['postgres'], compared: true })
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
  Object.assign(replica, {
    async bulkPut(...given: Parameters<typeof bulkPut>) {
      await held
      return bulkPut(...given)
    },
  })
  try {
    const id = String(movie._id)
    const rate = 'mutation ($id: ID!) { rateMovie(id: $id, rating: 1.25) { movie { imdb { votes } } } }'
    const { data } = JSON.parse(await api.ask(rate, { id })) as {
      data: { rateMovie: { movie: { imdb: { votes: number } } } }
    }
    const { votes } = data.rateMovie.movie.imdb
    const again = await api.ask('query ($id: ID!) { movie(id: $id) { imdb { votes } } }', { id })
    expect(JSON.parse(again)).toEqual({ data: { movie: { imdb: { votes } } } })
  } finally {
    letGo()
    Object.assign(replica, { bulkPut })
  }
})

test('a second mutation of one request sees what it wrote, not what the first had read', async () => {
  const { _id } = (await api.stores.mongo.connection.db.collection('movies').findOne({ imdb: { $type: 'object' } }))!
  const mutation = `mutation ($input: AddCommentInput!) {
    first: addComment(input: $input) { comment { movie { commentCount } } }
    second: addComment(input: $input) { comment { movie { commentCount } } }
  }`
  const input = { movieId: String(_id), name: 'A', email: 'a@example.com', text: 'x' }
  type Payload = { comment: { movie: { commentCount: number } } }
  const { data } = JSON.parse(await api.ask(mutation, { input })) as { data: { first: Payload; second: Payload } }
  expect(data.second.comment.movie.commentCount).toBe(data.first.comment.movie.commentCount + 1)
})

test('who has written is kept in mind also where no share of reads is moved: the mirror may answer a fail-over', async () => {
  await api.moveReads(0)
  const { _id } = (await api.stores.mongo.connection.db.collection('movies').findOne({ imdb: { $type: 'object' } }))!
  const rate = 'mutation ($id: ID!) { rateMovie(id: $id, rating: 2) { movie { id } } }'
  const { recentWrites } = api.gateway.routing
  await expect.poll(() => recentWrites.has('Movie', 'test'), { timeout: 20_000 }).toBe(false)
  expect(await api.ask(rate, { id: String(_id) })).not.toContain('errors')
  expect(recentWrites.has('Movie', 'test')).toBe(true)
})
