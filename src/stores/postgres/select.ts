import { type RawBuilder, sql } from 'kysely'
import type { Entity } from '../../entity/entity.ts'
import type { FieldSet } from '../../entity/field-set.ts'
import type { Item } from '../store.ts'
import { decodeRow, type Row } from './codec/decode.ts'

/** The columns that a field set needs from table alias `t`; child lists come along in the same statement. */
export function columnsOf(fields: FieldSet): RawBuilder<unknown> {
  const columns = [sql`t.id`, sql`t._cf_epoch`, sql`t._cf_counter`]
  for (const embed of fields.embeds) columns.push(sql`t.${sql.id(embed.column)}`)
  for (const leaf of fields.leaves) {
    const column = sql`t.${sql.id(leaf.column)}`
    if (leaf.list !== 'child') columns.push(column)
    else {
      const elements = sql`array(select c.value from ${sql.id(leaf.childTable!)} c where c.parent_id = t.id order by c.position)`
      columns.push(sql`case when ${column} is not null then ${elements} end as ${sql.id(leaf.column)}`)
    }
  }
  return sql.join(columns)
}

export function toItem(fields: FieldSet, row: Row): Item {
  const version = { epoch: Number(row['_cf_epoch']), counter: Number(row['_cf_counter']) }
  return { version, pending: false, record: decodeRow(fields.nodes, row) }
}

export function tableOf(entity: Entity): RawBuilder<unknown> {
  return sql`${sql.id(entity.postgres)} t`
}
