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

export function prepare(statement: RawBuilder<unknown>): Prepared {
  return compile(statement).prepared
}

/** A statement, and the values of its parameters. */
export function compile(statement: RawBuilder<unknown>): {
  readonly prepared: Prepared
  readonly values: readonly unknown[]
} {
  const { sql: text, parameters: values } = statement.compile(compiler)
  return { prepared: { text, name: nameOf(text) }, values }
}

const maxNames = 500 // statements a connection keeps prepared, at most; the shapes of an API are far fewer
const maxLength = 8_192 // characters of one: a longer one is a client's that names thousands of values
const names = new Map<string, string>()

function nameOf(text: string): string | undefined {
  let name = names.get(text)
  if (!name && names.size < maxNames && text.length <= maxLength) {
    name = `cf_${createHash('sha1').update(text).digest('hex').slice(0, 16)}`
    names.set(text, name)
  }
  return name
}
