import { sql } from 'kysely'
import type { Entity, Id } from '../../entity/entity.ts'
import { type Backlog, type Image, type Outbox, owesNothing } from '../store.ts'
import { ids as idArray, toId, tombstonesOf } from './bookkeeping.ts'
import type { RecordRow } from './codec/decode.ts'
import type { PostgresConnection } from './connection.ts'
import type { Executor } from './executor.ts'
import { imageOf } from './reader.ts'
import { imageColumns, tableOf } from './select.ts'

/** See `Outbox.images`. @param executor the pool, or a transaction, whose own changes it sees. */
export async function imagesIn(
  executor: Executor,
  connection: PostgresConnection,
  entity: Entity,
  ids: readonly Id[],
): Promise<readonly Image[]> {
  const rows = await executor.run<RecordRow>(
    sql`select ${imageColumns(entity)} from ${tableOf(entity)} where t.id = any(${idArray(entity, ids)})`,
  )
  const images = new Map<Id, Image>(rows.map((row) => [row.id, imageOf(connection, entity, row, true)]))
  const gone = ids.filter((id) => !images.has(id))
  for (const [id, version] of await tombstonesOf(executor, entity, gone)) {
    images.set(id, { id, version, pending: true, record: null, rest: null, issues: [] })
  }
  return [...images.values()]
}

/** Notes are rows of `crossfade.pending`, written in the transaction of the change. */
export function postgresOutbox(connection: PostgresConnection): Outbox {
  async function backlogs(entities: readonly Entity[]): Promise<ReadonlyMap<string, Backlog>> {
    const rows = await connection.run<{ entity: string; count: string; oldest: Date; ms: number }>(
      sql`select entity, count(*) as count, min(since) as oldest,
            (extract(epoch from clock_timestamp() - min(since)) * 1000)::float8 as ms
          from crossfade.pending where entity = any(${entities.map(({ name }) => name)}::text[]) group by entity`,
    )
    return new Map(
      rows.map(({ entity, count, oldest, ms }) => [
        entity,
        { count: Number(count), oldest, oldestMs: Math.max(0, ms) },
      ]),
    )
  }

  return {
    async owed(entity, olderThanMs, limit, without = []) {
      const rows = await connection.run<{ id: string }>(
        sql`select id from crossfade.pending
            where entity = ${entity.name} and since <= clock_timestamp() - ${olderThanMs}::float8 * interval '1 millisecond'
              and id <> all(${without.map(String)}::text[])
            order by since limit ${limit}::int`,
      )
      return rows.map(({ id }) => toId(entity, id))
    },

    images: (entity, ids) => imagesIn(connection, connection, entity, ids),

    async clear(entity, cleared) {
      if (cleared.length === 0) return
      // Up to the version that was mirrored. A write that is under way holds the note and gives it a newer one: whoever
      // has a transaction open for long keeps nobody waiting for that
      await connection.run(
        sql`with mirrored as (
              select p.id from crossfade.pending p
              join unnest(${cleared.map(({ id }) => String(id))}::text[], ${cleared.map(({ version }) => version.epoch)}::bigint[],
                ${cleared.map(({ version }) => version.counter)}::bigint[]) as d(id, epoch, counter)
                on p.id = d.id and (p.epoch, p.counter) <= (d.epoch, d.counter)
              where p.entity = ${entity.name} for update of p skip locked)
            delete from crossfade.pending p using mirrored m where p.entity = ${entity.name} and p.id = m.id`,
      )
    },

    backlog: async (entity) => (await backlogs([entity])).get(entity.name) ?? owesNothing,
    backlogs,

    async owedFor(entity, ids) {
      const rows = await connection.run<{ id: string; ms: number }>(
        sql`select id, (extract(epoch from clock_timestamp() - since) * 1000)::float8 as ms from crossfade.pending
            where entity = ${entity.name} and id = any(${ids.map(String)}::text[])`,
      )
      return new Map(rows.map(({ id, ms }) => [toId(entity, id), ms]))
    },

    buriedAt: async (entity, id) => (await tombstonesOf(connection, entity, [id])).get(id) ?? null,

    async expireTombstones(entity, olderThanMs, limit) {
      // One that is written meanwhile is locked, or is young once it can be locked
      const rows = await connection.run(
        sql`with old as (
              select d.id from crossfade.tombstones d
              where d.entity = ${entity.name} and d.at < clock_timestamp() - ${olderThanMs}::float8 * interval '1 millisecond'
                and not exists (select from crossfade.pending p where p.entity = d.entity and p.id = d.id)
              limit ${limit}::int for update of d skip locked)
            delete from crossfade.tombstones t using old where t.entity = ${entity.name} and t.id = old.id returning t.id`,
      )
      return rows.length
    },
  }
}
