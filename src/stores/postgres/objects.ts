import { type RawBuilder, sql } from 'kysely'
import type { Leaf, ObjectList } from '../../entity/entity.ts'
import { memberColumns } from '../../entity/implied-tables.ts'
import { onceFor } from '../../util/once-for.ts'
import { postgresKind } from './codec/postgres-kinds.ts'
import { typedColumn } from './ddl.ts'
import { constant } from './prepared.ts'

type Sql = RawBuilder<unknown>

/** A list of objects as a column of table alias `t`: json, or the count of a child table's rows. */
export const listColumn = (list: ObjectList): Sql => sql`t.${sql.id(list.column)}`

/** Names and types of the members that a list has in a row of json. */
export const memberTypes = onceFor((list: ObjectList) =>
  constant(sql.raw(memberColumns(list).map(typedColumn).join(', '))),
)

/**
 * The objects of a list as rows of alias `e`, one column a member, with their `position`: what stands behind FROM, with
 * its WHERE. Queries see no difference between a child table and json.
 */
export const rowsOf = onceFor((list: ObjectList) => constant(rows(list)))

function rows(list: ObjectList): Sql {
  if (list.childTable) return sql`from ${sql.id(list.childTable)} e where e.parent_id = t.id`
  const names = sql.join([...memberColumns(list).map(({ name }) => sql.id(name)), sql`position`])
  const set = sql`rows from (json_to_recordset(${listColumn(list)}) as (${memberTypes(list)})) with ordinality`
  return sql`from ${set} as e(${names}) where true`
}

/** A member in JSON; as text where JSON would lose something. */
function member(leaf: Leaf): Sql {
  const column = sql.id(leaf.column)
  if (!postgresKind(leaf.kind).fromText) return sql`e.${column}`
  return sql`e.${column}::${sql.raw(leaf.list === 'none' ? 'text' : 'text[]')} as ${column}`
}

/** The list as JSON rows with the wanted members, in order; null where there is none. */
export function selectObjects(list: ObjectList, withRest: boolean): Sql {
  const members = [
    sql`e.position`,
    ...(withRest ? [sql`e.rest`] : []),
    ...list.embeds.values().map(({ column }) => sql`e.${sql.id(column)}`),
    ...list.leaves.values().map(member),
  ]
  // r.* and not r, which would be a column of that name where there is one
  const objects = sql`select coalesce(json_agg(r.* order by r.position), '[]') from (select ${sql.join(members)} ${rowsOf(list)}) r`
  return sql`case when ${listColumn(list)} is not null then (${objects}) end as ${sql.id(list.column)}`
}
