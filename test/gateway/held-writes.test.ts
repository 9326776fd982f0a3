import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readFlag, writeFlag } from '../../src/control/flag-store.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'

let api: TestGateway
beforeAll(async () => {
  api = await openGateway(66, undefined, { limits: { answerMs: 5_000 } })
}, 60_000)
afterAll(async () => {
  await api?.close()
})

test('a write that is held is refused while it could still be carried out in its time, and not begun behind that', async () => {
  const { ledger } = api.stores.mongo
  const hold = async (state: 'draining' | 'steady'): Promise<void> => {
    const copy = (await readFlag(ledger, 'Movie'))!
    const target = state === 'draining' ? 'live' : null
    await writeFlag(ledger, copy, { ...copy.flag, state, target, revision: copy.flag.revision + 1 })
    await api.gateway.routing.flags.refresh()
  }
  const movies = api.stores.mongo.connection.db.collection('movies')
  const { _id, title } = (await movies.findOne({ title: { $type: 'string' } }))!
  await hold('draining')
  const asked = api.ask('mutation ($id: ID!) { updateMovie(id: $id, patch: { title: "Held" }) { movie { id } } }', {
    id: String(_id),
  })
  await sleep(4_100)
  await hold('steady')
  expect(JSON.parse(await asked)).toMatchObject({
    errors: [{ message: 'Movie cannot be written at the moment; try again.', extensions: { code: 'TRY_AGAIN' } }],
  })
  expect((await movies.findOne({ _id }))!['title']).toBe(title)
})
