import { type RawBuilder, sql } from 'kysely'
import type { Entity } from '../../entity/entity.ts'
import { leafAt } from '../../entity/leaf-at.ts'
import { allOf, everything, type Where } from '../../query/where.ts'
import type { Query } from '../store.ts'
import { postgresKind } from './codec/postgres-kinds.ts'
import { columnOf, columnsOf, tableOf } from './select.ts'
import { namedOrder, orderBy, translate } from './where.ts'

/** A page of which the limit may be a parameter. */
interface Paged extends Omit<Query, 'limit' | 'offset'> {
  readonly limit: unknown
  readonly offset?: unknown
}

/**
 * One statement for a page. Each range is asked for by itself, so that an index on the order's keys gives it from its
 * beginning and in its order; put together they are merged by the same order.
 */
export function page(
  entity: Entity,
  { where, ranges = [everything], order, limit, offset = 0, fields }: Paged,
  besides: RawBuilder<unknown> = sql`true`,
): RawBuilder<unknown> {
  const table = tableOf(entity)
  const skipped = offset === 0 ? sql`` : sql` offset ${offset}::int`
  const part = (columns: RawBuilder<unknown>, from: RawBuilder<unknown>, among: Where) =>
    sql`select ${columns} from ${from} where ${besides} and ${translate(entity, among)}
        order by ${orderBy(entity, order)} limit ${limit}::int${skipped}`
  if (ranges.length === 1) return part(columnsOf(fields), table, allOf(where, ranges[0]!))
  const named = namedOrder(entity, order)
  const columns = sql`${columnsOf(fields)}, ${named.columns}`
  // What a client asks stands in the statement once, and is planned as part of each range
  const found = sql`with f as not materialized (select t.* from ${table} where ${translate(entity, where)}) `
  const [among, from] = where === everything ? [sql``, table] : [found, sql`f t`]
  const parts = ranges.map((range) => sql`(${part(columns, from, range)})`)
  return sql`${among}select * from (${sql.join(parts, sql` union all `)}) r order by ${named.orderBy} limit ${limit}::int`
}

/** The same for each of several keys, in their order. */
export function pagePer(entity: Entity, { path, ...asked }: Paged & { readonly path: string }, keys: unknown) {
  const leaf = leafAt(entity, path)
  return sql`select k.k as _key, l.* from unnest(${keys}::${sql.raw(postgresKind(leaf.kind).cast)}[]) with ordinality k(k, n)
             cross join lateral (${page(entity, asked, sql`${columnOf(leaf)} = k.k`)}) l order by k.n`
}
