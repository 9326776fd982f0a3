import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import pg from 'pg'
import { from } from 'pg-copy-streams'
import type { Entity } from '../src/entity/entity.ts'
import type { MongoConnection } from '../src/stores/mongo/connection.ts'
import { Nested } from './papers.ts'

/** What somebody writes who needs the data in PostgreSQL by tonight: nothing is checked, and nothing is resumed. */

interface Paper {
  readonly _id: unknown
  readonly tags: readonly string[]
  readonly notes: readonly { readonly by: string; readonly stars: number }[]
  readonly [name: string]: unknown
}

const columns = ['id', 'title', 'body', 'author', 'pages', 'score', 'sent', 'seen', 'place', 'journal', 'issue']

/** Tables like ours, with their primary keys and without triggers. */
const tableOf = (table: string): string => `hand_${table}`

/** @param sorted by id, as whoever is to be resumed has to read. */
export const documentsOf = (mongo: MongoConnection, entity: Entity, sorted = false) =>
  mongo.db.collection<Paper>(entity.mongo).find({}, { batchSize: 1_000, ...(sorted ? { sort: { _id: 1 } } : {}) })

const fieldsOf = ({ _id, ...fields }: Paper): unknown[] => [
  String(_id),
  ...columns.slice(1).map((name) => fields[name] as unknown),
]

function text(value: unknown): string {
  if (value === null || value === undefined) return '\\N'
  if (value instanceof Date) return value.toISOString()
  return String(value).replace(
    /[\\\n\r\t]/g,
    (each) => `\\${each === '\n' ? 'n' : each === '\r' ? 'r' : each === '\t' ? 't' : each}`,
  )
}

const line = (values: readonly unknown[]): string => `${values.map(text).join('\t')}\n`

export async function makeHandTables(client: pg.Client): Promise<void> {
  for (const table of ['flat_papers', 'nested_papers', 'nested_tags', 'nested_notes'])
    await client.query(`create table if not exists ${tableOf(table)} (like ${table} including all)`)
}

export async function emptyHandTables(client: pg.Client): Promise<void> {
  for (const table of ['flat_papers', 'nested_papers', 'nested_tags', 'nested_notes'])
    await client.query(`truncate ${tableOf(table)}`)
}

export const handCount = async (client: pg.Client, entity: Entity): Promise<number> =>
  Number((await client.query(`select count(*) as n from ${tableOf(entity.postgres)}`)).rows[0].n)

/** One COPY, fed in pieces of 64 KB. */
class Copy {
  readonly #client: pg.Client
  readonly #stream
  readonly #ended: Promise<void>
  #piece = ''

  constructor(client: pg.Client, table: string, names: readonly string[]) {
    this.#client = client
    this.#stream = client.query(from(`copy ${tableOf(table)} (${names.join(', ')}) from stdin`))
    this.#ended = finished(this.#stream)
  }

  async write(values: readonly unknown[]): Promise<void> {
    this.#piece += line(values)
    if (this.#piece.length < 65_536) return
    const isFull = !this.#stream.write(this.#piece)
    this.#piece = ''
    if (isFull) await once(this.#stream, 'drain')
  }

  async end(): Promise<void> {
    this.#stream.end(this.#piece)
    await this.#ended
    await this.#client.end()
  }
}

async function connected(uri: string): Promise<pg.Client> {
  const client = new pg.Client(uri)
  await client.connect()
  return client
}

/** `find` into `COPY`, all tables side by side. */
export async function copyRaw(mongo: MongoConnection, uri: string, entity: Entity, sorted = false): Promise<void> {
  const isNested = entity === Nested
  const copyOf = async (table: string, names: readonly string[]) => new Copy(await connected(uri), table, names)
  const rows = await copyOf(entity.postgres, [
    ...columns,
    ...(isNested ? ['tags_count', 'notes_count'] : []),
    '_cf_epoch',
    '_cf_counter',
  ])
  const tags = isNested ? await copyOf('nested_tags', ['parent_id', 'position', 'value']) : null
  const notes = isNested ? await copyOf('nested_notes', ['parent_id', 'position', 'by', 'stars']) : null
  for await (const document of documentsOf(mongo, entity, sorted)) {
    const values = fieldsOf(document)
    if (!tags || !notes) {
      await rows.write([...values, 0, 0])
      continue
    }
    await rows.write([...values, document.tags.length, document.notes.length, 0, 0])
    for (const [position, tag] of document.tags.entries()) await tags.write([values[0], position, tag])
    for (const [position, { by, stars }] of document.notes.entries())
      await notes.write([values[0], position, by, stars])
  }
  await Promise.all([rows, tags, notes].map((copy) => copy?.end()))
}

/** The same by INSERTs of 1,000 rows. */
export async function insertRaw(mongo: MongoConnection, uri: string, entity: Entity): Promise<void> {
  const client = await connected(uri)
  const insert = async (table: string, names: readonly string[], rows: readonly (readonly unknown[])[]) => {
    for (let start = 0; start < rows.length; start += 1_000) {
      const some = rows.slice(start, start + 1_000)
      const places = some.map((row, r) => `(${row.map((_, c) => `$${r * row.length + c + 1}`).join()})`)
      await client.query(`insert into ${tableOf(table)} (${names.join()}) values ${places.join()}`, some.flat())
    }
  }
  const isNested = entity === Nested
  let lot: Paper[] = []
  const flush = async (): Promise<void> => {
    const counts = ({ tags, notes }: Paper): unknown[] => (isNested ? [tags.length, notes.length] : [])
    const names = [...columns, ...(isNested ? ['tags_count', 'notes_count'] : []), '_cf_epoch', '_cf_counter']
    const rows = lot.map((paper) => [...fieldsOf(paper), ...counts(paper), 0, 0])
    await insert(entity.postgres, names, rows)
    if (isNested) {
      const tags = lot.flatMap(({ _id, tags }) => tags.map((tag, position) => [String(_id), position, tag]))
      await insert('nested_tags', ['parent_id', 'position', 'value'], tags)
      const notes = lot.flatMap(({ _id, notes }) =>
        notes.map(({ by, stars }, position) => [String(_id), position, by, stars]),
      )
      await insert('nested_notes', ['parent_id', 'position', 'by', 'stars'], notes)
    }
    lot = []
  }
  for await (const document of documentsOf(mongo, entity)) {
    lot.push(document)
    if (lot.length === 1_000) await flush()
  }
  await flush()
  await client.end()
}
