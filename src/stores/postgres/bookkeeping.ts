import { type RawBuilder, sql } from 'kysely'
import type { Entity, Id } from '../../entity/entity.ts'
import { flagKeyOf } from '../../entity/flag-key.ts'
import { STAGE_PLAN, stages } from '../../stage/stage.ts'
import type { Image } from '../store.ts'
import type { Version } from '../version.ts'
import { postgresKind } from './codec/postgres-kinds.ts'
import type { Executor } from './executor.ts'

type Sql = RawBuilder<unknown>

/** Records of one transaction at most: each takes a lock, and a server has some thousands for everybody. */
export const maxLocked = 200

/** What is locked for one record, in one order for everybody. */
const lockKeys = (entity: Entity, ids: readonly Id[]): string[] => ids.map((id) => `${entity.name}/${id}`).sort()

/**
 * Locks records until the transaction ends. Rows that do not exist yet have nothing else to lock, and one-statement
 * shapes lose children to their old snapshot.
 */
export const lockRecords = (entity: Entity, ids: readonly Id[]): Sql =>
  sql`select pg_advisory_xact_lock(hashtextextended(k, 0)) from unnest(${lockKeys(entity, ids)}::text[]) k`

const ours = stages.filter((stage) => STAGE_PLAN[stage].authority === 'postgres')

/** Raises unless the writer's epoch is the flag's, and PostgreSQL has authority: to the end of the transaction. */
export const mayWrite = (entity: Entity, epoch: number): Sql =>
  sql`select crossfade.may_write(${flagKeyOf(entity)}, ${epoch}::bigint, ${ours}::text[])`

/** Raises where the flag is of a later epoch than whoever puts knows: to the end of the transaction. */
export const mayPut = (entity: Entity, under: number): Sql =>
  sql`select crossfade.may_put(${flagKeyOf(entity)}, ${under}::bigint)`

/** The next counter: a row without a version starts at the clock in milliseconds. */
export const nextCounter: Sql = sql`case when t._cf_counter > 0 then t._cf_counter + 1
  else (extract(epoch from clock_timestamp()) * 1000)::bigint end`

export const ids = (entity: Entity, values: readonly Id[]): Sql =>
  sql`${values}::${sql.raw(postgresKind(entity.idKind).cast)}[]`

/** Ids and versions of images, as a table `n`. */
export const versions = (entity: Entity, images: readonly Pick<Image, 'id' | 'version'>[]): Sql => {
  const all = ids(
    entity,
    images.map(({ id }) => id),
  )
  return sql`unnest(${all}, ${images.map(({ version }) => version.epoch)}::bigint[],
    ${images.map(({ version }) => version.counter)}::bigint[]) n(id, epoch, counter)`
}

/**
 * Adds the note that the mirror is owed what a table of `id`, `epoch` and `counter` has; an older note keeps its age. The
 * note carries the version and is locked by the change: clearing it by the record's version instead could pass a write
 * that is about to commit.
 */
export const noteOwed = (entity: Entity, written: Sql): Sql =>
  sql`insert into crossfade.pending (entity, id, epoch, counter) select ${entity.name}, id::text, epoch, counter from ${written}
      on conflict (entity, id) do update set epoch = excluded.epoch, counter = excluded.counter`

/** Keeps the highest version that was deleted under each id, from such a table; returns what was so kept, as one. */
export const keepTombstones = (entity: Entity, dead: Sql): Sql =>
  sql`insert into crossfade.tombstones as t (entity, id, epoch, counter)
      select ${entity.name}, id::text, epoch, counter from ${dead}
      on conflict (entity, id) do update set epoch = excluded.epoch, counter = excluded.counter, at = now()
      where (t.epoch, t.counter) < (excluded.epoch, excluded.counter) returning t.id, t.epoch, t.counter`

/** An id from the text that bookkeeping keeps it as. */
export const toId = (entity: Entity, text: string): Id => (entity.idKind === 'int' ? Number(text) : text)

export async function tombstonesOf(tx: Executor, entity: Entity, wanted: readonly Id[]): Promise<Map<Id, Version>> {
  const rows = await tx.run<{ id: string; epoch: string; counter: string }>(
    sql`select id, epoch, counter from crossfade.tombstones where entity = ${entity.name} and id = any(${wanted.map(String)}::text[])`,
  )
  return new Map(
    rows.map(({ id, epoch, counter }) => [toId(entity, id), { epoch: Number(epoch), counter: Number(counter) }]),
  )
}
