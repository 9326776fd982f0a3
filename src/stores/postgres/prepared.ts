import { createHash } from 'node:crypto'
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  sql,
} from 'kysely'
import { LRUCache } from 'lru-cache'

/** Compiles SQL and never runs it: statements run on our own connections, so that they can be prepared and pipelined. */
const compiler = new Kysely<Record<string, never>>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

/** A part that binds no values, turned to text once: it stands in many statements, each of which is compiled. */
export const constant = (part: RawBuilder<unknown>): RawBuilder<unknown> => sql.raw(part.compile(compiler).sql)

/** A statement that was compiled once; the values of its parameters are given each time, in their order. */
export interface Prepared {
  readonly text: string
  readonly name: string | undefined
}

/** Stands for a parameter in a statement that is prepared. */
export const slot: unknown = null

/** For a statement that is kept, to be run again. */
export function prepare(statement: RawBuilder<unknown>): Prepared {
  const { sql: text } = statement.compile(compiler)
  return { text, name: nameOf(text, true) }
}

/** A statement, and the values of its parameters. */
export function compile(statement: RawBuilder<unknown>): {
  readonly prepared: Prepared
  readonly values: readonly unknown[]
} {
  const { sql: text, parameters: values } = statement.compile(compiler)
  return { prepared: { text, name: nameOf(text, false) }, values }
}

const maxLength = 8_192 // characters of one: a longer one is a client's that names thousands of values

/** Names by text, and nothing of a text that was met once: what clients make up comes once, and fills no connection. */
const names = new LRUCache<string, string>({ max: 1_000 })
const metOnce = ''

/** Follows from the text, so that a name never stands for two of them, whenever it is given again. */
function nameOf(text: string, isKept: boolean): string | undefined {
  if (text.length > maxLength) return undefined
  const known = names.get(text)
  if (known) return known
  const isNamed = isKept || known === metOnce
  const name = isNamed ? `cf_${createHash('sha1').update(text).digest('hex').slice(0, 16)}` : metOnce
  names.set(text, name)
  return name || undefined
}
