import { type RawBuilder, sql } from 'kysely'
import type { Entity, Leaf } from '../../entity/entity.ts'
import type { FieldSet } from '../../entity/field-set.ts'
import { onceFor } from '../../util/once-for.ts'
import type { Item } from '../store.ts'
import { decodeRow, type Row } from './codec/decode.ts'
import { constant } from './connection.ts'

function columns(fields: FieldSet): RawBuilder<unknown> {
  const parts = [sql`t.id`, sql`t._cf_epoch`, sql`t._cf_counter`]
  for (const embed of fields.embeds) parts.push(sql`t.${sql.id(embed.column)}`)
  for (const leaf of fields.leaves) {
    const column = sql`t.${sql.id(leaf.column)}`
    if (leaf.list !== 'child') parts.push(column)
    else {
      const elements = sql`array(select c.value from ${sql.id(leaf.childTable!)} c where c.parent_id = t.id order by c.position)`
      parts.push(sql`case when ${column} is not null then ${elements} end as ${sql.id(leaf.column)}`)
    }
  }
  return sql.join(parts)
}

/** The columns that a field set needs from table alias `t`; child lists come along in the same statement. */
export const columnsOf = onceFor((fields: FieldSet) => constant(columns(fields)))

export const tableOf = onceFor((entity: Entity) => constant(sql`${sql.id(entity.postgres)} t`))

/** A leaf's column of table alias `t`. */
export const columnOf = onceFor((leaf: Leaf) => constant(sql`t.${sql.id(leaf.column)}`))

export function toItem(fields: FieldSet, row: Row): Item {
  const version = { epoch: Number(row['_cf_epoch']), counter: Number(row['_cf_counter']) }
  return { version, pending: false, record: decodeRow(fields.nodes, row) }
}
