import { type RawBuilder, sql } from 'kysely'
import type { Entity, Id } from '../../entity/entity.ts'
import { STAGE_PLAN, stages } from '../../stage/stage.ts'
import type { Version } from '../version.ts'
import { postgresKind } from './codec/postgres-kinds.ts'
import type { Executor } from './connection.ts'

type Sql = RawBuilder<unknown>

/**
 * Locks records until the transaction ends, in one order for everybody. Rows that do not exist yet have nothing else
 * to lock, and one-statement shapes lose children to their old snapshot.
 */
export async function lockRecords(tx: Executor, entity: Entity, ids: readonly Id[]): Promise<void> {
  const keys = ids.map((id) => `${entity.name}/${id}`).sort()
  await tx.run(sql`select pg_advisory_xact_lock(hashtextextended(k, 0)) from unnest(${keys}::text[]) k`)
}

const ours = stages.filter((stage) => STAGE_PLAN[stage].authority === 'postgres')

/** The writer's epoch is the flag's, and PostgreSQL has authority: to the end of the transaction. */
export async function mayWrite(tx: Executor, { name }: Entity, epoch: number): Promise<void> {
  await tx.run(sql`select crossfade.may_write(${name}, ${epoch}::bigint, ${ours}::text[])`)
}

/** See `mayWrite`. */
export async function lockFlag(tx: Executor, type: string): Promise<void> {
  await tx.run(sql`select pg_advisory_xact_lock(hashtextextended(${`flag/${type}`}, 0))`)
}

/** The next counter: a row without a version starts at the clock in milliseconds. */
export const nextCounter: Sql = sql`case when t._cf_counter > 0 then t._cf_counter + 1
  else (extract(epoch from clock_timestamp()) * 1000)::bigint end`

export const ids = (entity: Entity, values: readonly Id[]): Sql =>
  sql`${values}::${sql.raw(postgresKind(entity.idKind).cast)}[]`

/**
 * Adds the note that the mirror is owed this version; an older note keeps its age. The note carries the version and is
 * locked by the change: clearing it by the record's version instead could pass a write that is about to commit.
 */
export async function noteOwed(tx: Executor, entity: Entity, id: Id, version: Version): Promise<void> {
  await tx.run(
    sql`insert into crossfade.pending (entity, id, epoch, counter)
        values (${entity.name}, ${String(id)}, ${version.epoch}::bigint, ${version.counter}::bigint)
        on conflict (entity, id) do update set epoch = excluded.epoch, counter = excluded.counter`,
  )
}

/** An id from the text that bookkeeping keeps it as. */
export const toId = (entity: Entity, text: string): Id => (entity.idKind === 'int' ? Number(text) : text)

export interface Tombstone {
  readonly id: Id
  readonly version: Version
}

export async function tombstonesOf(tx: Executor, entity: Entity, wanted: readonly Id[]): Promise<Map<Id, Version>> {
  const rows = await tx.run<{ id: string; epoch: string; counter: string }>(
    sql`select id, epoch, counter from crossfade.tombstones where entity = ${entity.name} and id = any(${wanted.map(String)}::text[])`,
  )
  return new Map(
    rows.map(({ id, epoch, counter }) => [toId(entity, id), { epoch: Number(epoch), counter: Number(counter) }]),
  )
}

/** Keeps the highest version that was deleted under each id. Returns the ids for which that is the one given. */
export async function keepTombstones(tx: Executor, entity: Entity, dead: readonly Tombstone[]): Promise<Set<Id>> {
  const kept = await tx.run<{ id: string }>(
    sql`insert into crossfade.tombstones as t (entity, id, epoch, counter)
        select ${entity.name}, * from unnest(${dead.map(({ id }) => String(id))}::text[],
          ${dead.map(({ version }) => version.epoch)}::bigint[], ${dead.map(({ version }) => version.counter)}::bigint[])
        on conflict (entity, id) do update set epoch = excluded.epoch, counter = excluded.counter, at = now()
        where (t.epoch, t.counter) < (excluded.epoch, excluded.counter) returning id`,
  )
  return new Set(kept.map(({ id }) => toId(entity, id)))
}

/** Gives a tombstone another version, where it is still at the one given. */
export async function restampTombstone(
  tx: Executor,
  entity: Entity,
  id: Id,
  version: Version,
  next: Version,
): Promise<boolean> {
  const done = await tx.run(
    sql`update crossfade.tombstones set epoch = ${next.epoch}::bigint, counter = ${next.counter}::bigint, at = now()
        where entity = ${entity.name} and id = ${String(id)}
          and (epoch, counter) = (${version.epoch}::bigint, ${version.counter}::bigint) returning id`,
  )
  return done.length > 0
}
