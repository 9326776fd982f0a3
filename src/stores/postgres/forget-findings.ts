import { type RawBuilder, sql } from 'kysely'
import type { Id } from '../../entity/entity.ts'
import type { PostgresConnection } from './connection.ts'
import type { Executor } from './executor.ts'
import { isOldHour } from './hours.ts'

type Sql = RawBuilder<unknown>

/** What is kept of findings, with what makes a row of it too old. */
const aged = (old: (at: Sql) => Sql): readonly (readonly [table: string, key: string, isOld: Sql])[] => [
  // What nobody has judged stays, however seldom it is met: a gate asks for it
  ['mismatch_groups', 'fingerprint', sql`closed_at is not null and ${old(sql`greatest(last_at, closed_at)`)}`],
  ['mismatch_examples', 'n', old(sql`at`)],
  ['mismatch_hours', 'ctid', isOldHour],
  ['verdict_hours', 'ctid', isOldHour],
  // What was said of a group goes with it, but what is said last is kept as long as anything
  [
    'mismatch_notes',
    'n',
    sql`${old(sql`at`)} and not exists (select from crossfade.mismatch_groups g where g.fingerprint = t.fingerprint)`,
  ],
  ['mismatch_rules', 'name', old(sql`until`)],
  ['shadow_undecided', 'ctid', old(sql`last_at`)],
  ['shadow_failures', 'ctid', old(sql`last_at`)],
]

/** Removes what is too old, `limit` rows of each table at most: a delete of many rows would hold others up. */
export async function expireFindings(
  connection: PostgresConnection,
  olderThanMs: number,
  limit: number,
): Promise<number> {
  const old = (at: Sql): Sql => sql`${at} < clock_timestamp() - ${olderThanMs}::float8 * interval '1 millisecond'`
  let removed = 0
  for (const [table, key, isOld] of aged(old)) {
    const [name, column] = [sql.table(`crossfade.${table}`), sql.ref(key)]
    const rows = await connection.run(
      sql`delete from ${name} where ${column} in (select ${column} from ${name} t where ${isOld} limit ${limit}::int)
          returning 1`,
    )
    removed += rows.length
  }
  return removed
}

/** Ids that stand for nothing else wherever they are met: ObjectIds and UUIDs. A number, or a word, may mean anything. */
const isTelling = (id: Id): boolean => /^[\da-f]{24}$|^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(String(id))

/**
 * Examples that name the record: by their own id, or in what they hold. An id that stands for nothing else is looked for
 * in every text of every type; another one among whole values of its own type.
 */
const naming = (type: string, id: Id): Sql => {
  if (isTelling(id)) return sql`e.id = ${id} or strpos(lower(e.example::text), lower(${id})) > 0`
  const values = JSON.stringify({ text: String(id), value: id })
  const holds = sql`jsonb_path_exists(e.example, '$.** ? (@ == $text || @ == $value)', ${values}::jsonb)`
  const isOfType = sql`exists (select from crossfade.mismatch_groups g where g.fingerprint = e.fingerprint and g.entity = ${type})`
  return sql`${isOfType} and (e.id = ${String(id)} or ${holds})`
}

/** Counts what names a record, and removes it where that is asked. Groups stay: they name no record. */
export async function forgetInFindings(
  connection: PostgresConnection,
  type: string,
  id: Id,
  removes: boolean,
): Promise<number> {
  const named: readonly (readonly [table: string, condition: Sql])[] = [
    ['mismatch_examples', naming(type, id)],
    ['shadow_undecided', sql`e.entity = ${type} and e.id = ${String(id)}`],
  ]
  return connection.transaction(async (tx: Executor) => {
    let count = 0
    for (const [table, condition] of named) {
      const from = sql`from ${sql.table(`crossfade.${table}`)} e where ${condition}`
      const rows = await tx.run(removes ? sql`delete ${from} returning 1` : sql`select ${from}`)
      count += rows.length
    }
    return count
  })
}
