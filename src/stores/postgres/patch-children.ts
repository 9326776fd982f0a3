import { type RawBuilder, sql } from 'kysely'
import type { Entity, Id } from '../../entity/entity.ts'
import { listOf } from '../../entity/lists.ts'
import type { Change } from '../../query/change.ts'
import type { ListChange, Patch } from '../../query/patch.ts'
import { type ChildList, encodeChildren } from './codec/encode.ts'
import { isOfType, wholeTable } from './of-type.ts'
import { changing } from './patch-objects.ts'
import { assignedValues, newValues } from './patch-sql.ts'
import { appendChild, areOthers, setChildren } from './rows.ts'
import { param, translateElement } from './where.ts'

type Sql = RawBuilder<unknown>

/** A change of one record's rows, whose alias is `e`: the same for scalars and for objects. */
type RowChange = { readonly list: ChildList } & (
  | { readonly op: 'set'; readonly value: unknown }
  | { readonly op: 'append'; readonly value: unknown; readonly unless: Sql }
  | { readonly op: 'insert'; readonly value: unknown; readonly at: number }
  | { readonly op: 'pull'; readonly where: Sql }
  | { readonly op: 'pop'; readonly which: 'first' | 'last' }
  | { readonly op: 'change'; readonly where: Sql; readonly assignments: readonly Sql[] }
)

const never = sql`false`

function ofScalars(change: Change): RowChange {
  const { leaf: list } = change
  switch (change.op) {
    case 'set':
      return { op: 'set', list, value: change.value }
    case 'insert':
      return { op: 'insert', list, value: change.value, at: change.at }
    case 'pop':
      return { op: 'pop', list, which: change.which }
    case 'append':
    case 'addToSet':
    case 'pull': {
      const same = sql`e.value = ${param(list, change.value)}`
      if (change.op === 'pull') return { op: 'pull', list, where: same }
      return { op: 'append', list, value: change.value, unless: change.op === 'append' ? never : same }
    }
    default:
      throw new TypeError(`${list.path} is a list, and no number`)
  }
}

function ofObjects(change: ListChange): RowChange {
  switch (change.op) {
    case 'append':
      return { ...change, unless: never }
    case 'pull':
      return { ...change, where: translateElement(change.list, change.where) }
    case 'change': {
      const { list, where, patch } = change
      return {
        op: 'change',
        list,
        where: changing(list, where, patch),
        assignments: assignedValues(newValues(list, patch)),
      }
    }
    default:
      return change
  }
}

/** Whether a patch changes lists that have tables of their own. */
export const hasChildren = ({ changes, lists }: Patch): boolean =>
  changes.some(({ leaf }) => leaf.childTable) || lists.some(({ list }) => list.childTable)

const rowChanges = ({ changes, lists }: Patch): RowChange[] => [
  ...changes.filter(({ leaf }) => leaf.childTable).map(ofScalars),
  ...lists.filter(({ list }) => list.childTable).map(ofObjects),
]

/** Applies the changes of lists in child tables, under the record's lock, and keeps the counts that stand for presence. */
export const patchChildren = (entity: Entity, id: Id, patch: Patch): Sql[] =>
  rowChanges(patch).flatMap((change) => patchChild(entity, id, change))

/**
 * Whether those changes leave other rows, each as a condition on the record's own row, `t`, which is changed before them:
 * nobody else may change the rows in between.
 */
export const childrenDiffer = (entity: Entity, id: Id, patch: Patch): Sql[] =>
  rowChanges(patch).map((change) => leavesOthers(entity, id, change))

const sizeOf = (value: unknown): Sql => sql`${listOf(value)?.length ?? null}::integer`

function leavesOthers(entity: Entity, id: Id, change: RowChange): Sql {
  const { list } = change
  const some = (found: Sql): Sql =>
    sql`exists (select from ${sql.id(list.childTable!)} e where e.parent_id = ${id} and ${found})`
  switch (change.op) {
    case 'set': {
      const others = areOthers(entity, list, id, encodeChildren(list, id, change.value))
      return sql`t.${sql.id(list.column)} is distinct from ${sizeOf(change.value)} or ${others}`
    }
    case 'append':
      return sql`not ${some(change.unless)}`
    case 'insert':
      return sql`true`
    case 'pop':
      return some(sql`true`)
    case 'pull':
    case 'change':
      return some(change.where)
  }
}

/** The position of the element before which a new one is put; null behind the last. */
function placeOf(table: Sql, id: Id, at: number): Sql {
  const nth = (index: number, direction: Sql): Sql =>
    sql`(select o.position from ${table} o where o.parent_id = ${id} order by o.position ${direction} offset ${index} limit 1)`
  return at >= 0 ? nth(at, sql`asc`) : sql`coalesce(${nth(-at - 1, sql`desc`)}, 0)`
}

function patchChild(entity: Entity, id: Id, change: RowChange): Sql[] {
  const { list } = change
  const table = sql.id(list.childTable!)
  const column = sql.id(list.column)
  const counted = (size: Sql, where = sql``): Sql =>
    sql`update ${wholeTable(entity)} set ${column} = c.size from (select ${size} as size) c
      where t.id = ${id} and ${isOfType(entity)} and t.${column} is distinct from c.size ${where}`
  const size = sql`(select count(*)::integer from ${table} where parent_id = ${id})`
  const count = counted(size)
  // A list that is not there has not become one of none
  const recount = counted(size, sql`and t.${column} is not null`)
  switch (change.op) {
    case 'set':
      return [...setChildren(entity, list, id, encodeChildren(list, id, change.value)), counted(sizeOf(change.value))]
    case 'append':
      return [appendChild(entity, list, encodeChildren(list, id, [change.value])[0]!, change.unless), count]
    case 'insert': {
      // Below 0 and back, since the key would be taken on the way
      const behind = sql`update ${table} e set position = -e.position - 2
        where e.parent_id = ${id} and e.position >= ${placeOf(table, id, change.at)}`
      const back = sql`update ${table} e set position = -e.position - 1 where e.parent_id = ${id} and e.position < 0`
      const row = encodeChildren(list, id, [change.value])[0]!
      return [behind, appendChild(entity, list, row, never), back, count]
    }
    case 'pull':
      return [sql`delete from ${table} e where e.parent_id = ${id} and ${change.where}`, recount]
    case 'pop': {
      const end = change.which === 'first' ? sql`min(o.position)` : sql`max(o.position)`
      const place = sql`(select ${end} from ${table} o where o.parent_id = e.parent_id)`
      return [sql`delete from ${table} e where e.parent_id = ${id} and e.position = ${place}`, recount]
    }
    case 'change':
      return [sql`update ${table} e set ${sql.join(change.assignments)} where e.parent_id = ${id} and ${change.where}`]
  }
}
