import { type RawBuilder, sql } from 'kysely'
import type { Entity, Id } from '../../entity/entity.ts'
import type { Change, ListChange, Patch } from '../../query/patch.ts'
import { type ChildList, encodeChildren } from './codec/encode.ts'
import { appendChild, insertChildren } from './rows.ts'
import { tableOf } from './select.ts'
import { param, translateElement } from './where.ts'

type Sql = RawBuilder<unknown>

/** A change of one record's rows, whose alias is `e`: the same for scalars and for objects. */
type RowChange = { readonly list: ChildList } & (
  | { readonly op: 'set'; readonly value: unknown }
  | { readonly op: 'append'; readonly value: unknown; readonly unless: Sql }
  | { readonly op: 'pull'; readonly where: Sql }
)

const never = sql`false`

function ofScalars(change: Change): RowChange {
  const { leaf: list } = change
  if (change.op === 'set') return { op: 'set', list, value: change.value }
  if (change.op === 'increment' || change.op === 'compute') throw new TypeError(`${list.path} is a list, and no number`)
  const { op, value } = change
  const same = sql`e.value = ${param(list, value)}`
  return op === 'pull'
    ? { op, list, where: same }
    : { op: 'append', list, value, unless: op === 'append' ? never : same }
}

function ofObjects(change: ListChange): RowChange {
  if (change.op === 'pull') return { ...change, where: translateElement(change.list, change.where) }
  return change.op === 'append' ? { ...change, unless: never } : change
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

function patchChild(entity: Entity, id: Id, change: RowChange): Sql[] {
  const { list } = change
  const table = sql.id(list.childTable!)
  const column = sql.id(list.column)
  const count = (size: Sql): Sql => sql`update ${tableOf(entity)} set ${column} = ${size} where t.id = ${id}`
  const counted = sql`(select count(*) from ${table} where parent_id = t.id)`
  switch (change.op) {
    case 'set': {
      const rows = encodeChildren(list, id, change.value)
      const old = sql`delete from ${table} where parent_id = ${id}`
      const size = sql`${change.value === null ? null : rows.length}::integer`
      return [old, ...insertChildren(entity, list, rows), count(size)]
    }
    case 'append':
      return [appendChild(entity, list, encodeChildren(list, id, [change.value])[0]!, change.unless), count(counted)]
    case 'pull':
      return [
        sql`delete from ${table} e where e.parent_id = ${id} and ${change.where}`,
        count(sql`case when t.${column} is not null then ${counted} end`),
      ]
  }
}
