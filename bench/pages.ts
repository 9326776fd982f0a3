import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSession } from '../src/cli/session.ts'
import { insertExported } from '../src/demo/sample.ts'
import { defineEntity } from '../src/entity/define-entity.ts'
import { objectId, text, timestamp } from '../src/entity/field.ts'
import { fieldSet } from '../src/entity/field-set.ts'
import { leafAt } from '../src/entity/leaf-at.ts'
import { encodeCursor } from '../src/query/cursor.ts'
import type { Direction } from '../src/query/order.ts'
import { type PageArgs, planPage } from '../src/query/page.ts'
import { everything } from '../src/query/where.ts'
import type { Stores } from '../src/routing/routing.ts'
import { lookAt } from '../src/stores/mongo/clean-paths.ts'
import { prepareMongo } from '../src/stores/mongo/connection.ts'
import { mongoReader } from '../src/stores/mongo/reader.ts'
import { schemaDrift } from '../src/stores/postgres/schema-diff.ts'
import type { Reader } from '../src/stores/store.ts'
import { say } from './fixture.ts'
import { median } from './load.ts'
import type { Row } from './row.ts'

const few = 20_000
const many = 200_000
const rounds = 5
const slow = 1_000 // ms: one such page tells enough

const filmsOf = (size: number) =>
  defineEntity(`Film${size}`, {
    mongo: `films_${size}`,
    postgres: `films_${size}`,
    id: objectId(),
    fields: { title: text().index(), shown: timestamp().index() },
  })
type Films = ReturnType<typeof filmsOf>

const idOf = (n: number): string => n.toString(16).padStart(24, '0')
/** One film in ten has no title; a day has dozens. */
const titleOf = (n: number): string | null => (n % 10 === 9 ? null : `film ${(n * 7919) % many}`)
const shownOf = (n: number): Date => new Date(Date.UTC(1990, 0, 1 + (((n * 104_729) % many) % 5_000)))

async function fill({ mongo, postgres }: Stores, films: Films, size: number): Promise<void> {
  const { connection } = postgres
  const run = (text: string, values: readonly unknown[] = []) =>
    connection.runPrepared({ text, name: undefined }, values)
  const statements = (await schemaDrift(connection, [films])).flatMap(({ statement }) => statement ?? [])
  // Without triggers, which would not let the rows in: no gateway writes here
  for (const statement of statements) if (!statement.includes(' trigger ')) await run(statement)
  await prepareMongo(mongo.connection, [films])
  const rest = { plot: 'x'.repeat(200) }
  for (let start = 0; start < size; start += 10_000) {
    const numbers = Array.from({ length: 10_000 }, (_, index) => start + index)
    const documents = numbers.map((n) => {
      const title = titleOf(n)
      const shown = { $date: shownOf(n).toISOString() }
      return { _id: { $oid: idOf(n) }, ...(title === null ? {} : { title }), shown, ...rest }
    })
    await insertExported(mongo.connection, films.mongo, documents)
    await run(
      `insert into ${films.postgres} (id, title, shown) select * from unnest($1::text[], $2::text[], $3::timestamptz[])`,
      [numbers.map(idOf), numbers.map(titleOf), numbers.map(shownOf)],
    )
  }
  await run(`analyze ${films.postgres}`)
  for (const path of ['title', 'shown']) await lookAt(mongo.connection, films, leafAt(films, path))
}

async function timed(ask: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const began = performance.now()
    await ask()
    const took = performance.now() - began
    if (round > 0 || took > slow) times.push(took) // the first is planned and connected
    if (took > slow) break
  }
  return median(times)
}

/** Milliseconds of pages at three places of an order, forwards and backwards, and of a count. */
async function times(reader: Reader, films: Films, path: string, direction: Direction): Promise<Map<string, number>> {
  const size = films.mongo === `films_${many}` ? many : few
  const order = [{ path, direction }]
  const fields = fieldSet(films, [path])
  const page = (args: PageArgs) => reader.query(films, { ...planPage(films, everything, order, args), fields })
  const { shownOrder } = planPage(films, everything, order, {})
  // Worked out and not read: nothing that pages are not asked for is timed or waited for
  const ids = Array.from({ length: size }, (_, n) => n)
  const value = path === 'title' ? titleOf : (n: number) => shownOf(n).toISOString()
  const keys = ids.map((n) => ({ n, key: value(n) ?? '' }))
  keys.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.n - b.n) * (direction === 'asc' ? 1 : -1))
  const cursorAt = (at: number): string => {
    const { n } = keys.at(at)!
    return encodeCursor(films, shownOrder, { id: idOf(n), title: titleOf(n), shown: shownOf(n) })
  }
  const middle = cursorAt(size / 2)
  const pages: Readonly<Record<string, PageArgs>> = {
    first: { first: 20 },
    middle: { first: 20, after: middle },
    last: { first: 20, after: cursorAt(-21) },
    'middle backwards': { last: 20, before: middle },
    'last backwards': { last: 20 },
  }
  const found = new Map<string, number>()
  for (const [name, args] of Object.entries(pages)) found.set(name, await timed(() => page(args)))
  return found
}

const rounded = (ms: number): number => Math.round(ms * 100) / 100

/**
 * Pages of 20 at 20,000 records and at 200,000, in milliseconds: the ratio is near 1 where an index serves a page, and
 * 10 where all records are read.
 */
export async function pages(only: string): Promise<Row[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-bench-'))
  process.env['CROSSFADE_DATA_DIR'] = dataDir
  const { stores, close } = await openSession(undefined, say)
  const rows: Row[] = []
  try {
    const both = [filmsOf(few), filmsOf(many)] as const
    for (const [index, size] of [few, many].entries()) await fill(stores, both[index]!, size)
    const note = (what: string, small: number, large: number): void => {
      const row = { bench: 'pages', case: what, baseline: rounded(small), ours: rounded(large) }
      rows.push({ ...row, unit: 'ms', ratio: large / small })
      say(`${row.case}: ${row.baseline} ms at ${few}, ${row.ours} ms at ${many}`)
    }
    const add = async (what: string, askOf: (films: Films) => () => Promise<unknown>): Promise<void> => {
      if (what.includes(only)) note(what, await timed(askOf(both[0])), await timed(askOf(both[1])))
    }
    const compare = async (name: string, readerOf: (films: Films) => Reader): Promise<void> => {
      for (const path of ['title', 'shown'] as const) {
        for (const direction of ['asc', 'desc'] as const) {
          const label = `${name}, ${path} ${direction}`
          if (!label.includes(only)) continue
          const small = await times(readerOf(both[0]), both[0], path, direction)
          for (const [place, ms] of await times(readerOf(both[1]), both[1], path, direction))
            note(`${label}, ${place}`, small.get(place)!, ms)
        }
      }
      await add(`${name}, count`, (films) => () => readerOf(films).count(films, everything))
    }
    await compare('PostgreSQL', () => stores.postgres.reader)
    const { connection } = stores.mongo
    for (const keys of [['the key'], ['the key', 'the id']]) {
      for (const films of both) {
        const collection = connection.patient().collection(films) // builds take as long as they take
        await collection.dropIndexes()
        for (const path of ['title', 'shown'])
          await collection.createIndex({ [path]: 1, ...(keys.length === 2 ? { _id: 1 } : {}) })
      }
      const own = { ...connection, shares: connection } // which has not looked for indexes yet
      const label = `MongoDB, ${keys.join(' and ')}`
      await compare(label, () => mongoReader(own))
      for (const path of ['title', 'shown'])
        for (const [direction, sign] of [
          ['asc', 1],
          ['desc', -1],
        ] as const) {
          const plain = (films: Films) => () =>
            connection
              .collection(films)
              .find({}, { projection: { [path]: 1 }, sort: { [path]: sign }, limit: 20 })
              .toArray()
          await add(`${label}, ${path} ${direction}, first by the driver alone`, plain)
        }
    }
    return rows
  } finally {
    await close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}
