import { sql } from 'kysely'
import pg from 'pg'
import type { TestStores } from './stores.ts'

/** Somebody who is no gateway, with a role and a connection of his own, as psql would have. */
export interface OtherWriter {
  readonly name: string
  run(statement: string, values?: readonly unknown[]): Promise<pg.QueryResult>
  /** COPY FROM STDIN, in PostgreSQL's text form. */
  copy(target: string, rows: string): Promise<void>
  close(): Promise<void>
}

/** Sends its rows when it is asked for them. */
class Copy extends pg.Query {
  readonly #rows: string

  constructor(target: string, rows: string, done: (error: Error | null) => void) {
    super(`copy ${target} from stdin`, done as never)
    this.#rows = rows
  }

  handleCopyInResponse(connection: { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void }): void {
    connection.sendCopyFromChunk(Buffer.from(this.#rows))
    connection.endCopyFrom()
  }
}

let made = 0

/** @param tables what he may change; of Crossfade's own he may use nothing. */
export async function openOtherWriter({ postgres }: TestStores, tables: readonly string[]): Promise<OtherWriter> {
  const { connection } = postgres
  const name = `clerk_${process.pid}_${made++}`
  await connection.run(sql.raw(`create role ${name} login password 'clerk'`))
  await connection.run(sql.raw(`grant select, insert, update, delete, truncate on ${tables.join(', ')} to ${name}`))
  const uri = new URL(String(connection.pool.options.connectionString))
  uri.username = name
  uri.password = 'clerk'
  const client = new pg.Client({ connectionString: uri.href })
  await client.connect()
  return {
    name,
    run: (statement, values = []) => client.query(statement, [...values]),
    copy: (target, rows) =>
      new Promise((resolve, reject) => {
        client.query(new Copy(target, rows, (error) => (error ? reject(error) : resolve())))
      }),
    async close() {
      await client.end()
      await connection.run(sql.raw(`drop owned by ${name}`))
      await connection.run(sql.raw(`drop role ${name}`))
    },
  }
}
