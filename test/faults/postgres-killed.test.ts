import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { entities } from '../../schema/index.ts'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { type Stores, startStores } from '../../src/embedded/start-stores.ts'
import { compareStores } from '../support/compare-stores.ts'
import { openGateway, type TestGateway } from '../support/gateway.ts'
import { rounds } from '../support/long.ts'
import { withoutAge } from '../support/without-age.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-killed-'))
const log = (): void => undefined

let servers: Stores
let api: TestGateway
beforeAll(async () => {
  servers = await startStores({ dataDir, log })
  api = await openGateway(21, { mongoUri: servers.mongo.uri, databaseUrl: servers.postgres.uri })
  await api.setStage('shadow')
})
afterAll(async () => {
  await api.close()
  await servers.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

const read = 'query ($id: ID!) { movie(id: $id) { title commentCount imdb { votes } } }'
const rate = 'mutation ($id: ID!) { rateMovie(id: $id, rating: 6) { movie { id } } }'
const comment =
  'mutation ($id: ID!) { addComment(input: { movieId: $id, name: "N", email: "n@example.com", text: "t" }) { comment { id } } }'

interface Measured {
  readonly at: 'up' | 'down'
  readonly mutation: boolean
  readonly ms: number
}

const middle = (numbers: number[]): number =>
  Math.round(numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0)

test('a killed mirror costs no request: reads and mutations go on, and what it missed is made up', {
  timeout: 600_000,
}, async () => {
  const ids = (await api.stores.mongo.connection.db.collection('movies').find({}, { limit: 10 }).toArray()).map(
    ({ _id }) => String(_id),
  )
  for (let round = 0; round < rounds(1, 20); round++) {
    const measured: Measured[] = []
    const errors: string[] = []
    let at: Measured['at'] = 'up'
    let running = true
    const client = async (index: number): Promise<void> => {
      for (let n = index; running; n++) {
        const query = [read, rate, read, comment][n % 4]!
        const began = performance.now()
        const started = at
        const text = await api.ask(query, { id: ids[n % ids.length] })
        if (text.includes('"errors"')) errors.push(text)
        measured.push({ at: started, mutation: query !== read, ms: performance.now() - began })
      }
    }
    const clients = [0, 1, 2].map(client)
    await sleep(2_000)
    const [{ pid } = { pid: null }] = [servers.postgres]
    const victim = round === 0 ? pid! : (await startPostgres({ dataDir, log })).pid!
    process.kill(victim, 'SIGKILL')
    at = 'down'
    await sleep(4_000)
    running = false
    await Promise.all(clients)
    expect(errors).toEqual([])
    expect(measured.filter((each) => each.at === 'down' && each.mutation).length).toBeGreaterThan(5)
    const times = (when: Measured['at'], mutation: boolean): number[] =>
      measured.filter((each) => each.at === when && each.mutation === mutation).map(({ ms }) => ms)
    console.log(
      `median ms: reads ${middle(times('up', false))} → ${middle(times('down', false))}, mutations ${middle(times('up', true))} → ${middle(times('down', true))}`,
    )
    await startPostgres({ dataDir, log })
    await api.idle()
    for (const entity of entities) {
      expect((await api.stores.mongo.outbox.backlog(entity)).count).toBe(0)
      const { compared, different } = await compareStores(api.stores, entity)
      expect(compared).toBeGreaterThan(50)
      expect(different).toEqual([])
    }
  }
})

test('while the authority is down the mirror answers reads, and writes that cannot begin in time are refused', {
  timeout: 120_000,
}, async () => {
  await api.setStage('live')
  const { _id } = (await api.stores.mongo.connection.db.collection('movies').findOne({}))!
  const variables = { id: String(_id) }
  const before = withoutAge(await api.ask(read, variables))
  expect(before).not.toContain('"errors"')
  process.kill((await startPostgres({ dataDir, log })).pid!, 'SIGKILL')
  const until = Date.now() + 3_000
  do expect(withoutAge(await api.ask(read, variables))).toBe(before)
  while (Date.now() < until)
  const refused = JSON.parse(await api.ask(rate, variables)) as { errors: { extensions: { code: string } }[] }
  expect(refused.errors[0]?.extensions.code).toBe('TRY_AGAIN')
  await startPostgres({ dataDir, log })
  expect(await api.ask(rate, variables)).not.toContain('"errors"')
  await api.idle()
  const { different } = await compareStores(api.stores, entities[0]!)
  expect(different).toEqual([])
})
