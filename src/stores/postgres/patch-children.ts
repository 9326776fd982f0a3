import { type RawBuilder, sql } from 'kysely'
import type { Entity, Id } from '../../entity/entity.ts'
import type { Change } from '../../query/change.ts'
import type { ListChange, Patch } from '../../query/patch.ts'
import { type ChildList, encodeChildren } from './codec/encode.ts'
import { isOfType, wholeTable } from './of-type.ts'
import { assignedValues, newValues } from './patch-sql.ts'
import { appendChild, insertChildren } from './rows.ts'
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
        where: translateElement(list, where),
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

/** Applies the changes of lists in child tables, under the record's lock, and keeps the counts that stand for presence. */
export function patchChildren(entity: Entity, id: Id, patch: Patch): Sql[] {
  const scalars = patch.changes.filter(({ leaf }) => leaf.childTable)
  const objects = patch.lists.filter(({ list }) => list.childTable)
  return [...scalars.map(ofScalars), ...objects.map(ofObjects)].flatMap((change) => patchChild(entity, id, change))
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
  const count = (size: Sql): Sql =>
    sql`update ${wholeTable(entity)} set ${column} = ${size} where t.id = ${id} and ${isOfType(entity)}`
  const counted = sql`(select count(*) from ${table} where parent_id = t.id)`
  const recounted = count(sql`case when t.${column} is not null then ${counted} end`)
  switch (change.op) {
    case 'set': {
      const rows = encodeChildren(list, id, change.value)
      const old = sql`delete from ${table} where parent_id = ${id}`
      const size = sql`${change.value === null ? null : rows.length}::integer`
      return [old, ...insertChildren(entity, list, rows), count(size)]
    }
    case 'append':
      return [appendChild(entity, list, encodeChildren(list, id, [change.value])[0]!, change.unless), count(counted)]
    case 'insert': {
      // Below 0 and back, since the key would be taken on the way
      const behind = sql`update ${table} e set position = -e.position - 2
        where e.parent_id = ${id} and e.position >= ${placeOf(table, id, change.at)}`
      const back = sql`update ${table} e set position = -e.position - 1 where e.parent_id = ${id} and e.position < 0`
      const row = encodeChildren(list, id, [change.value])[0]!
      return [behind, appendChild(entity, list, row, never), back, count(counted)]
    }
    case 'pull':
      return [sql`delete from ${table} e where e.parent_id = ${id} and ${change.where}`, recounted]
    case 'pop': {
      const end = change.which === 'first' ? sql`min(o.position)` : sql`max(o.position)`
      const place = sql`(select ${end} from ${table} o where o.parent_id = e.parent_id)`
      return [sql`delete from ${table} e where e.parent_id = ${id} and e.position = ${place}`, recounted]
    }
    case 'change':
      return [sql`update ${table} e set ${sql.join(change.assignments)} where e.parent_id = ${id} and ${change.where}`]
  }
}
