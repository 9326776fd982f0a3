import { type RawBuilder, sql } from 'kysely'
import type { Entity } from '../../entity/entity.ts'
import { leafAt } from '../../entity/leaf-at.ts'
import { allOf, everything } from '../../query/where.ts'
import type { Query } from '../store.ts'
import { postgresKind } from './codec/postgres-kinds.ts'
import { columnOf, columnsOf, tableOf } from './select.ts'
import { namedOrder, orderBy, translate } from './where.ts'

/** A page of which the limit may be a parameter. */
interface Paged extends Omit<Query, 'limit'> {
  readonly limit: unknown
}

/**
 * One statement for a page. Each range is asked for by itself, so that an index on the order's keys gives it from its
 * beginning and in its order; put together they are merged by the same order.
 */
export function page(
  entity: Entity,
  { where, ranges = [everything], order, limit, fields }: Paged,
  besides: RawBuilder<unknown> = sql`true`,
): RawBuilder<unknown> {
  const conditions = ranges.map((range) => sql`${besides} and ${translate(entity, allOf(where, range))}`)
  const part = (columns: RawBuilder<unknown>, condition: RawBuilder<unknown>) =>
    sql`select ${columns} from ${tableOf(entity)} where ${condition} order by ${orderBy(entity, order)} limit ${limit}::int`
  if (conditions.length === 1) return part(columnsOf(fields), conditions[0]!)
  const named = namedOrder(entity, order)
  const columns = sql`${columnsOf(fields)}, ${named.columns}`
  const parts = conditions.map((condition) => sql`(${part(columns, condition)})`)
  return sql`select * from (${sql.join(parts, sql` union all `)}) r order by ${named.orderBy} limit ${limit}::int`
}

/** The same for each of several keys, in their order. */
export function pagePer(entity: Entity, { path, ...asked }: Paged & { readonly path: string }, keys: unknown) {
  const leaf = leafAt(entity, path)
  return sql`select k.k as _key, l.* from unnest(${keys}::${sql.raw(postgresKind(leaf.kind).cast)}[]) with ordinality k(k, n)
             cross join lateral (${page(entity, asked, sql`${columnOf(leaf)} = k.k`)}) l order by k.n`
}
