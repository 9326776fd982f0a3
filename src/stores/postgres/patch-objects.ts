import { type RawBuilder, sql } from 'kysely'
import type { Entity, ObjectList, Scope } from '../../entity/entity.ts'
import type { ListChange, Patch } from '../../query/patch.ts'
import type { Where } from '../../query/where.ts'
import { encodeObjects } from './codec/encode.ts'
import { listColumn, memberTypes } from './objects.ts'
import { differs, indexIn, type NewValue, newValues } from './patch-sql.ts'
import { translateElement } from './where.ts'

type Sql = RawBuilder<unknown>

const elements = (array: Sql): Sql => sql`json_array_elements(${array}) with ordinality x(value, n)`

/** The objects as they are to be, from rows of their JSON `value` and their place `n`. */
const collected = (rows: Sql): Sql => sql`select coalesce(json_agg(r.value order by r.n), '[]') from (${rows}) r`

/** An object of a json column with other members; what is null takes no room. */
function changedObject(scope: Scope, patch: Patch): Sql {
  const values = newValues(scope, patch)
  const names = values.map(([column]) => column)
  const members = sql.join(values.flatMap(([column, value]) => [sql`${column}::text`, value]))
  return sql`(select coalesce(json_object_agg(m.key, m.value), '{}') from (
    select key, value from json_each(x.value) where key <> all(${names}::text[]) union all
    select key, value from json_each(json_build_object(${members})) where json_typeof(value) <> 'null') m)`
}

/** Whether an object of a list, whose row is alias `e`, is one that a patch changes, and is not yet as it is to be. */
export function changing(list: ObjectList, where: Where, patch: Patch): Sql {
  const isOther = sql.join(differs('e', newValues(list, patch)), sql` or `)
  return sql`(${translateElement(list, where)} and (${isOther}))`
}

/** The new value of a json column of objects, likewise. */
function assignedObjects(change: ListChange): Sql {
  const { list } = change
  const old = listColumn(list)
  const objects = sql`${elements(old)}, json_to_record(x.value) as e(${memberTypes(list)})`
  // Collected anew, it would be another text of the same objects
  const where = (found: Sql, rows: Sql): Sql =>
    sql`case when exists (select from ${objects} where ${found}) then (${collected(rows)}) else ${old} end`
  switch (change.op) {
    case 'pop': {
      const end = change.which === 'first' ? sql`1` : sql`json_array_length(${old})`
      return where(sql`true`, sql`select x.value, x.n from ${elements(old)} where x.n <> ${end}`)
    }
    case 'pull': {
      const found = sql`coalesce(${translateElement(list, change.where)}, false)`
      return where(found, sql`select x.value, x.n from ${objects} where not ${found}`)
    }
    case 'change': {
      const found = changing(list, change.where, change.patch)
      const changed = sql`case when ${found} then ${changedObject(list, change.patch)} else x.value end`
      return where(found, sql`select ${changed} as value, x.n from ${objects}`)
    }
  }
  const value = encodeObjects(list, change.op === 'set' ? change.value : [change.value])
  if (change.op === 'set') return sql`${value && JSON.stringify(value)}::json`
  const element = sql`${JSON.stringify(value![0])}::json`
  const size = sql`coalesce(json_array_length(${old}), 0)`
  const index = change.op === 'append' ? size : indexIn(size, change.at)
  return sql`(${collected(sql`select x.value, x.n from ${elements(old)} union all select ${element}, ${index} + 0.5`)})`
}

/** Columns of a main row; lists in child tables are changed afterwards, in statements of their own. */
export function newColumns(entity: Entity, patch: Patch): NewValue[] {
  const lists = patch.lists
    .filter(({ list }) => !list.childTable)
    .map((change): NewValue => [change.list.column, assignedObjects(change)])
  return [...newValues(entity, patch), ...lists]
}
