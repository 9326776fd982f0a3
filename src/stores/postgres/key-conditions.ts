import { type RawBuilder, sql } from 'kysely'
import type { KeyCondition, UniqueKey } from '../unique-key.ts'
import { quote } from './ddl.ts'
import { literal } from './of-type.ts'
import { columnOf } from './select.ts'

const operators = { eq: '=', lt: '<', lte: '<=', gt: '>', gte: '>=' } as const

/** SQL over the table's own columns. */
export function conditionText(condition: KeyCondition): string {
  if (condition.op === 'present') {
    const each = condition.leaves.map(({ column }) => `${quote(column)} is not null`)
    return each.length === 1 ? each[0]! : `(${each.join(' or ')})`
  }
  const column = quote(condition.leaf.column)
  if (condition.op === 'absent') return `${column} is null`
  return `${column} ${operators[condition.op]} ${literal(condition.leaf, condition.value)}`
}

/** Rows of table alias `t` that a unique key is about. */
export function keyRows(key: UniqueKey): RawBuilder<unknown> {
  const solid = key.nulls === 'many' ? key.leaves.map((leaf) => sql`${columnOf(leaf)} is not null`) : []
  return sql.join([sql`true`, ...solid, ...key.among.map((each) => sql.raw(conditionText(each)))], sql` and `)
}
