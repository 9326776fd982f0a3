import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { type OtherWriter, openOtherWriter } from '../support/other-writer.ts'

let api: TestGateway
let clerk: OtherWriter
beforeAll(async () => {
  api = await openGateway(14)
  clerk = await openOtherWriter(api.stores, ['movies', 'movie_cast'])
})
afterAll(async () => {
  await clerk?.close()
  await api?.close()
})

const create = 'mutation { createMovie(input: { title: "First", genres: ["Drama"] }) { movie { id } } }'
const read = 'query ($id: ID!) { movie(id: $id) { title cast } }'

test('in live a running gateway answers and mirrors what psql has changed; in shadow psql is refused', async () => {
  await api.setStage('live')
  const { id } = JSON.parse(await api.ask(create)).data.createMovie.movie as { id: string }
  await clerk.run('update movies set title = $2 where id = $1', [id, 'Second'])
  await clerk.run('insert into movie_cast (parent_id, position, value) values ($1, 0, $2)', [id, 'Somebody'])
  const answer = '{"data":{"movie":{"title":"Second","cast":["Somebody"]}}}'
  expect(await api.ask(read, { id })).toBe(answer)
  const mirror = async () =>
    (await api.stores.mongo.connection.db.collection('movies').findOne({ title: 'Second' })) ?? {}
  await expect.poll(mirror, { timeout: 30_000 }).toMatchObject({ cast: ['Somebody'] }) // by its own sweep

  await api.setStage('shadow')
  await expect(clerk.run('update movies set title = $2 where id = $1', [id, 'Third'])).rejects.toMatchObject({
    code: 'CF005',
  })
  expect(await api.ask(read, { id })).toBe(answer)
})
