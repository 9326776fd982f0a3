import pg from 'pg'
import type { Entity } from '../src/entity/entity.ts'
import { impliedTables } from '../src/entity/implied-tables.ts'
import { copyKind } from '../src/evidence/copied.ts'
import { backfill } from '../src/jobs/backfill.ts'
import type { Stores } from '../src/routing/routing.ts'
import { megabytes } from '../test/support/live-heap.ts'
import { say } from './fixture.ts'
import { median } from './load.ts'
import { withPaperStores, writePapers } from './paper-stores.ts'
import { Flat, Nested } from './papers.ts'
import { copyRaw, documentsOf, emptyHandTables, handCount, insertRaw, makeHandTables } from './raw-copy.ts'
import type { Row } from './row.ts'
import { type Timed, timed } from './timed.ts'

/** Of ours; a round of the baseline stands on both sides of each. */
const rounds = 5

const boundedMs = 40_000 // of the rounds of one case, on a slow server

/** Nothing was ever copied. */
async function empty({ postgres }: Stores, client: pg.Client, entity: Entity): Promise<void> {
  const tables = impliedTables(entity).map(({ name }) => name)
  await client.query(`begin; set local crossfade.writer = 'crossfade'; truncate ${tables.join()}; commit`)
  await postgres.ledger.remove(copyKind, entity.name)
  await emptyHandTables(client)
  await client.query('checkpoint') // which would fall into whichever round comes next
}

/** What the server of MongoDB alone takes to give all documents: nothing that copies them is faster. */
async function readAlone({ mongo }: Stores, entity: Entity, sorted: boolean): Promise<number> {
  let count = 0
  for await (const _ of documentsOf(mongo.connection, entity, sorted)) count++
  return count
}

async function compare(stores: Stores, uri: string, client: pg.Client, entity: Entity, count: number): Promise<Row[]> {
  const { connection } = stores.mongo
  await writePapers(stores, entity, count)
  const name = `${entity === Flat ? 'flat' : 'two child tables'}, ${count / 1_000} k`
  const run = async (work: () => Promise<number>): Promise<Timed> => {
    await empty(stores, client, entity)
    return timed(count, work)
  }
  const byHand = (work: () => Promise<void>): Promise<Timed> => run(() => work().then(() => handCount(client, entity)))
  const ways = {
    hand: () => byHand(() => copyRaw(connection, uri, entity)),
    own: () => run(async () => (await backfill({ stores, entity })).copied),
    sorted: () => byHand(() => copyRaw(connection, uri, entity, true)),
    inserts: () => byHand(() => insertRaw(connection, uri, entity)),
  }
  const isLarge = count > 100_000
  if (!isLarge) for (const way of Object.values(ways)) await way()
  const found: Record<keyof typeof ways, Timed[]> = { hand: [], own: [], sorted: [], inserts: [] }
  const ratios: number[] = []
  const began = performance.now()
  let before = await ways.hand()
  for (let round = 0; round < rounds && (round < 1 || (!isLarge && performance.now() - began < boundedMs)); round++) {
    const middle = await ways.own()
    const after = await ways.hand()
    ratios.push(middle.perSecond / ((before.perSecond + after.perSecond) / 2))
    found.hand.push(before)
    found.own.push(middle)
    for (const way of ['sorted', 'inserts'] as const) found[way].push(await ways[way]())
    before = after
  }
  const of = (way: keyof typeof ways, what: keyof Timed): number => median(found[way].map((each) => each[what]))
  const peak = (way: keyof typeof ways): number => megabytes(Math.max(...found[way].map((each) => each.peak)))
  const [alone, sortedAlone] = [
    await timed(count, () => readAlone(stores, entity, false)),
    await timed(count, () => readAlone(stores, entity, true)),
  ].map(({ perSecond }) => Math.round(perSecond))
  say(
    `${name}: ${median(ratios).toFixed(2)} (${ratios.map((each) => each.toFixed(2)).join(' ')}); ` +
      `CPU ${of('own', 'cpu').toFixed(1)} µs a document (by hand ${of('hand', 'cpu').toFixed(1)}); ` +
      `RSS ${peak('own')} MB at most (by hand ${peak('hand')}); ` +
      `MongoDB alone gives ${alone} a second, ${sortedAlone} by id`,
  )
  const row = (
    against: string,
    way: keyof typeof ways,
    ratio = of('own', 'perSecond') / of(way, 'perSecond'),
  ): Row => ({
    bench: 'backfill',
    case: `${name}, against ${against}`,
    baseline: Math.round(of(way, 'perSecond')),
    ours: Math.round(of('own', 'perSecond')),
    unit: 'documents/s',
    ratio,
  })
  return [
    row('find and COPY', 'hand', median(ratios)),
    row('find by id and COPY', 'sorted'),
    row('INSERTs of 1,000', 'inserts'),
  ]
}

/** A whole copy into empty tables, against a script that finds and copies without a check. */
export const backfillBench = (only: string, _minutes: number, isLong: boolean): Promise<Row[]> =>
  withPaperStores(async (stores, uri) => {
    const client = new pg.Client(uri)
    await client.connect()
    try {
      await makeHandTables(client)
      const rows: Row[] = []
      for (const count of isLong ? [10_000, 100_000, 1_000_000] : [10_000, 100_000])
        for (const entity of [Flat, Nested])
          if (`${entity.name} ${count / 1_000}k`.includes(only))
            rows.push(...(await compare(stores, uri, client, entity, count)))
      return rows
    } finally {
      await client.end()
    }
  })
