import { sql } from 'kysely'
import type { Entity } from '../../entity/entity.ts'
import { type ImpliedTable, impliedTables } from '../../entity/implied-tables.ts'
import type { Difference } from './column-drift.ts'
import type { PostgresConnection } from './connection.ts'
import { quote } from './ddl.ts'
import { createTrigger, isForType, type Trigger, triggerName, triggersOf } from './triggers.ts'

interface Found {
  readonly name: string
  /** As PostgreSQL writes it. */
  readonly definition: string
  /** Fires in sessions that are no replica's. */
  readonly enabled: boolean
}

const found = (connection: PostgresConnection, table: ImpliedTable): Promise<readonly Found[]> =>
  connection.run<Found>(
    sql`select tgname as name, pg_get_triggerdef(oid, true) as definition, tgenabled in ('O', 'A') as enabled
        from pg_trigger where tgrelid = to_regclass(${quote(table.name)}) and not tgisinternal`,
  )

/** PostgreSQL writes its own words in capitals. */
const lowered = (definition: string): string =>
  definition.replace(/('[^']*')|[A-Z]+/g, (word, literal?: string) => literal ?? word.toLowerCase())

/** Of the one of its name. */
const isAs = (found: string, { when, body }: Trigger): boolean =>
  found.includes(` ${when} on `) && found.endsWith(` ${body}`)

const consequence = 'what other programs change there is not mirrored'

/** Where the triggers of a table that is there are not ours. Those of others are theirs. */
export async function triggerDrift(
  connection: PostgresConnection,
  entity: Entity,
  table: ImpliedTable,
): Promise<Difference[]> {
  const present = new Map((await found(connection, table)).map((each) => [each.name, each]))
  return triggersOf(entity, table).flatMap((trigger): Difference[] => {
    const { name } = trigger
    const is = present.get(name)
    if (is && isAs(lowered(is.definition), trigger)) {
      if (is.enabled) return []
      const statement = `alter table ${quote(table.name)} enable trigger ${triggerName(trigger)}`
      return [{ problem: `trigger ${name} is disabled: ${consequence}`, statement, works: true }]
    }
    const problem = `trigger ${name} is ${is ? 'another one' : 'missing'}: ${consequence}`
    return [{ problem, statement: createTrigger(table, trigger), works: true }]
  })
}

/** Those of ours that an earlier mapping of the type has made: they take each row for one of it. */
export async function supersededTriggers(
  connection: PostgresConnection,
  entity: Entity,
  table: ImpliedTable,
): Promise<Difference[]> {
  const wanted = new Set(triggersOf(entity, table).map(({ name }) => name))
  const left = (await found(connection, table)).filter(
    ({ name, definition }) => !wanted.has(name) && isForType(entity, definition),
  )
  return left.map((trigger) => ({
    problem: `trigger ${trigger.name} is of an earlier mapping of ${entity.name}`,
    statement: `drop trigger ${triggerName(trigger)} on ${quote(table.name)}`,
    works: true,
  }))
}

/** Tables of a type where nothing tells of changes that bypass the gateway. */
export async function withoutTriggers(connection: PostgresConnection, entity: Entity): Promise<string[]> {
  const names: string[] = []
  for (const table of impliedTables(entity))
    if ((await triggerDrift(connection, entity, table)).length > 0) names.push(table.name)
  return names
}
