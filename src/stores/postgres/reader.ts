import { sql } from 'kysely'
import type { Entity, Id } from '../../entity/entity.ts'
import { allFields } from '../../entity/field-set.ts'
import { leafAt } from '../query.ts'
import type { Image, Item, Query, QueryPer, Reader, Scanned } from '../store.ts'
import { aggregate } from './aggregate.ts'
import type { Row } from './codec/decode.ts'
import { postgresKind } from './codec/postgres-kinds.ts'
import type { PostgresConnection } from './connection.ts'
import { columnOf, columnsOf, tableOf, toItem } from './select.ts'
import { orderBy, translate } from './where.ts'

export function postgresReader(connection: PostgresConnection): Reader {
  async function query(entity: Entity, { where, order, limit, fields }: Query): Promise<readonly Item[]> {
    const rows = await connection.run<Row>(
      sql`select ${columnsOf(fields)} from ${tableOf(entity)} where ${translate(entity, where)}
          order by ${orderBy(entity, order)} limit ${limit}::int`,
    )
    return rows.map((row) => toItem(fields, row))
  }

  async function queryPer(entity: Entity, per: QueryPer): Promise<ReadonlyMap<unknown, readonly Item[]>> {
    const { path, values, where, order, limit, fields } = per
    const leaf = leafAt(entity, path)
    const { cast, encode, decode } = postgresKind(leaf.kind)
    const rows = await connection.run<Row>(
      sql`select k.k as _key, l.* from unnest(${values.map(encode)}::${sql.raw(cast)}[]) with ordinality k(k, n)
          cross join lateral (
            select ${columnsOf(fields)} from ${tableOf(entity)}
            where ${columnOf(leaf)} = k.k and ${translate(entity, where)}
            order by ${orderBy(entity, order)} limit ${limit}::int
          ) l order by k.n`,
    )
    const groups = new Map<unknown, Item[]>()
    for (const row of rows) {
      const key = decode(row['_key'])
      const group = groups.get(key)
      if (group) group.push(toItem(fields, row))
      else groups.set(key, [toItem(fields, row)])
    }
    return groups
  }

  return {
    query,
    queryPer,
    aggregate: (entity, asked) => aggregate(connection, entity, asked),

    async byIds(entity, ids, fields) {
      const { cast } = postgresKind(entity.idKind)
      const rows = await connection.run<Row>(
        sql`select ${columnsOf(fields)} from ${tableOf(entity)} where t.id = any(${ids}::${sql.raw(cast)}[])`,
      )
      return new Map(rows.map((row) => [row['id'] as Id, toItem(fields, row)]))
    },

    async count(entity, where) {
      const rows = await connection.run<{ n: string }>(
        sql`select count(*) as n from ${tableOf(entity)} where ${translate(entity, where)}`,
      )
      return Number(rows[0]!.n)
    },

    async countPer(entity, path, values, where) {
      const leaf = leafAt(entity, path)
      const { cast, encode, decode } = postgresKind(leaf.kind)
      const rows = await connection.run<{ k: unknown; n: string }>(
        sql`select ${columnOf(leaf)} as k, count(*) as n from ${tableOf(entity)}
            where ${columnOf(leaf)} = any(${values.map(encode)}::${sql.raw(cast)}[]) and ${translate(entity, where)}
            group by 1`,
      )
      return new Map(rows.map(({ k, n }) => [decode(k), Number(n)]))
    },

    async scan(entity, { after, limit }): Promise<Scanned> {
      const { cast } = postgresKind(entity.idKind)
      const behind = after === null ? sql`true` : sql`t.id > ${after}::${sql.raw(cast)}`
      const rows = await connection.run<Row>(
        sql`select ${columnsOf(allFields(entity))}, t.rest from ${tableOf(entity)}
            where ${behind} order by t.id limit ${limit}::int`,
      )
      const images = rows.map((row) => imageOf(entity, row))
      return { images, quarantined: [], next: rows.length < limit ? null : images.at(-1)!.id }
    },
  }
}

/** The image of a whole row. Dirty values were reported when the row was written. */
export function imageOf(entity: Entity, row: Row, pending = false): Image {
  const { version, record } = toItem(allFields(entity), row)
  return { id: record.id, version, pending, record, rest: (row['rest'] ?? null) as Image['rest'], issues: [] }
}
