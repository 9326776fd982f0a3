import { type RawBuilder, sql } from 'kysely'
import { isKindInJson } from '../../codec/in-json.ts'
import type { Entity, Leaf } from '../../entity/entity.ts'
import { allFields, type FieldSet } from '../../entity/field-set.ts'
import { onceFor } from '../../util/once-for.ts'
import type { Item } from '../store.ts'
import { decodeRow, type RecordRow } from './codec/decode.ts'
import { inJson } from './in-json.ts'
import { selectObjects } from './objects.ts'
import { rowsOfType } from './of-type.ts'
import { constant } from './prepared.ts'

type Sql = RawBuilder<unknown>

function selectLeaf(leaf: Leaf): Sql {
  const column = columnOf(leaf)
  if (leaf.list !== 'child') return column
  const elements = sql`array(select c.value from ${sql.id(leaf.childTable!)} c where c.parent_id = t.id order by c.position)`
  return sql`case when ${column} is not null then ${elements} end as ${sql.id(leaf.column)}`
}

function columns(fields: FieldSet, withRest: boolean): Sql {
  return sql.join([
    sql`t.id, t._cf_epoch, t._cf_counter`,
    ...(withRest ? [sql`t.rest`] : []),
    ...fields.embeds.map((embed) => sql`t.${sql.id(embed.column)}`),
    ...fields.leaves.map(selectLeaf),
    ...fields.lists.map((list) => selectObjects(list, withRest)),
  ])
}

/** The columns that a field set needs from table alias `t`; child lists come along in the same statement. */
export const columnsOf = onceFor((fields: FieldSet) => constant(columns(fields, false)))

/** Everything that an image holds, from table alias `t`. */
export const imageColumns = onceFor((entity: Entity) => constant(columns(allFields(entity), true)))

/** The rows of the type, as table alias `t`: to be read, and not to be changed by this name. */
export const tableOf = onceFor((entity: Entity) => constant(sql`${rowsOfType(entity)} t`))

/** A leaf's column of table alias `t`; a member's of a list's rows, which are alias `e`; or a value inside of json. */
export const columnOf = onceFor((leaf: Leaf) => {
  const column = sql`${sql.raw(leaf.element ? 'e' : 't')}.${sql.id(leaf.column)}`
  return constant(leaf.inJson && isKindInJson(leaf.kind) ? inJson(leaf.kind, column, leaf.inJson) : column)
})

export function toItem(fields: FieldSet, row: RecordRow): Item {
  const version = { epoch: Number(row['_cf_epoch']), counter: Number(row['_cf_counter']) }
  return { version, pending: false, record: decodeRow(fields.nodes, row) }
}
