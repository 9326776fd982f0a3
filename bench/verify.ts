import { isDeepStrictEqual } from 'node:util'
import type { Entity } from '../src/entity/entity.ts'
import { isClean, verify } from '../src/jobs/verify.ts'
import type { Stores } from '../src/routing/routing.ts'
import type { MongoConnection } from '../src/stores/mongo/connection.ts'
import type { PostgresConnection } from '../src/stores/postgres/connection.ts'
import { megabytes } from '../test/support/live-heap.ts'
import { say } from './fixture.ts'
import { median } from './load.ts'
import { withPaperStores, writePapers } from './paper-stores.ts'
import { Flat, Nested } from './papers.ts'
import type { Row } from './row.ts'
import { timed } from './timed.ts'

type PostgresClient = Awaited<ReturnType<PostgresConnection['connect']>>

/** Of ours; a round of the baseline stands on both sides of each. */
const rounds = 5

const boundedMs = 120_000 // of the rounds of one case, on a slow server

/** What somebody writes who needs both stores compared by tonight. */
const columns = 'id, title, body, author, pages, score, sent, seen, place, journal, issue'
const lists = `,
  array(select c.value from nested_tags c where c.parent_id = t.id order by c.position) as tags,
  (select json_agg(json_build_object('by', n.by, 'stars', n.stars) order by n.position) from nested_notes n where n.parent_id = t.id) as notes`

async function* rowsOf(client: PostgresClient, entity: Entity): AsyncGenerator<Record<string, unknown>> {
  await client.query('set idle_in_transaction_session_timeout = 0; begin')
  await client.query(
    `declare rows no scroll cursor for select ${columns}${entity === Nested ? lists : ''} from ${entity.postgres} t order by id`,
  )
  for (;;) {
    const { rows } = await client.query<Record<string, unknown>>('fetch 1000 from rows')
    if (rows.length === 0) break
    yield* rows
  }
  await client.query('commit')
}

/** Two sorted cursors and a deep equal; how many records are equal. */
async function byHand(mongo: MongoConnection, client: PostgresClient, entity: Entity): Promise<number> {
  const documents = mongo.db.collection(entity.mongo).find({}, { sort: { _id: 1 }, batchSize: 1_000 })
  const rows = rowsOf(client, entity)
  let equal = 0
  for await (const { _id, _cf, ...found } of documents) {
    const { value: row } = await rows.next()
    if (isDeepStrictEqual({ id: String(_id), ...found }, { ...row })) equal++
  }
  await rows.next()
  return equal
}

/** What one store alone takes to give all of its records: nothing that compares is faster. */
async function readAlone(
  mongo: MongoConnection,
  client: PostgresClient,
  entity: Entity,
): Promise<readonly [number, number]> {
  const timed = async (records: AsyncIterable<unknown>): Promise<number> => {
    const began = performance.now()
    let count = 0
    for await (const _ of records) count++
    return (count * 1_000) / (performance.now() - began)
  }
  return [
    await timed(mongo.db.collection(entity.mongo).find({}, { sort: { _id: 1 }, batchSize: 1_000 })),
    await timed(rowsOf(client, entity)),
  ]
}

/** Documents in MongoDB, and their copies. */
async function fill(stores: Stores, entity: Entity, count: number): Promise<void> {
  const { mongo, postgres } = stores
  const { epoch } = await writePapers(stores, entity, count)
  for await (const { images } of mongo.reader.stream(entity, { after: null, limit: 1_000 }))
    await postgres.replica.bulkPut(entity, images, epoch)
  // Settles what the server has yet to do of it by itself, as an administrator would
  await postgres.connection.pool.query('analyze')
}

async function compare(stores: Stores, client: PostgresClient, entity: Entity, count: number) {
  const mongo = stores.mongo.connection
  await fill(stores, entity, count)
  const name = `${entity === Flat ? 'flat' : 'two child tables'}, ${count / 1_000} k`
  const hand = () => timed(count, () => byHand(mongo, client, entity))
  const own = () =>
    timed(count, async () => {
      const found = await verify({ stores, entity })
      return isClean(found) ? found.compared : 0
    })
  for (const one of [hand, own]) await one()
  const measured = {
    baseline: [] as number[],
    ours: [] as number[],
    ratio: [] as number[],
    cpu: [] as number[],
    handCpu: [] as number[],
    peak: 0,
  }
  const began = performance.now()
  let before = await hand()
  for (let round = 0; round < rounds && (round < 1 || performance.now() - began < boundedMs); round++) {
    const middle = await own()
    const after = await hand()
    const around = (before.perSecond + after.perSecond) / 2
    measured.baseline.push(around)
    measured.ours.push(middle.perSecond)
    measured.ratio.push(middle.perSecond / around)
    measured.cpu.push(middle.cpu)
    measured.handCpu.push((before.cpu + after.cpu) / 2)
    measured.peak = Math.max(measured.peak, middle.peak)
    before = after
  }
  const [fromMongo, fromPostgres] = (await readAlone(mongo, client, entity)).map(Math.round)
  const [baseline, ours, ratio] = [measured.baseline, measured.ours, measured.ratio].map(median)
  const alone = `read alone: MongoDB ${fromMongo}, PostgreSQL ${fromPostgres} a second`
  const rss = `RSS ${megabytes(measured.peak)} MB at most (by hand ${megabytes(before.peak)})`
  const cpu = `CPU ${median(measured.cpu).toFixed(1)} µs a record (by hand ${median(measured.handCpu).toFixed(1)})`
  say(
    `${name}: ${ratio!.toFixed(2)} (${measured.ratio.map((each) => each.toFixed(2)).join(' ')}); ${cpu}; ${rss}; ${alone}`,
  )
  const row: Row = {
    bench: 'verify',
    case: name,
    baseline: Math.round(baseline!),
    ours: Math.round(ours!),
    unit: 'records/s',
    ratio: ratio!,
  }
  return row
}

/** Both stores held against each other, against two sorted cursors and a deep equal. */
export const verifyBench = (only: string, _minutes: number, isLong: boolean): Promise<Row[]> =>
  withPaperStores(async (stores) => {
    // The drivers' own, without any of ours
    const client = await stores.postgres.connection.connect()
    const rows: Row[] = []
    for (const count of isLong ? [10_000, 100_000] : [10_000])
      for (const entity of [Flat, Nested]) {
        const name = `${entity.name} ${count}`
        if (name.includes(only)) rows.push(await compare(stores, client, entity, count))
      }
    client.release()
    return rows
  })
