import { type RawBuilder, sql } from 'kysely'
import type { Entity, Id, Rec } from '../../entity/entity.ts'
import { mayLeaveAsItIs, type Patch } from '../../query/patch.ts'
import { CrossfadeError } from '../../util/errors.ts'
import type { Guard, Image, RecordWrites, Stamp } from '../store.ts'
import type { Version } from '../version.ts'
import { adoptRecords, isStale } from './adopt-rest.ts'
import { keepTombstones, lockRecords, mayWrite, nextCounter, noteOwed } from './bookkeeping.ts'
import type { RecordRow } from './codec/decode.ts'
import type { PostgresConnection } from './connection.ts'
import type { Rows } from './executor.ts'
import { isOfType, wholeTable } from './of-type.ts'
import { childrenDiffer, hasChildren, patchChildren } from './patch-children.ts'
import { newColumns } from './patch-objects.ts'
import { assignedValues, differs } from './patch-sql.ts'
import { imageOf } from './reader.ts'
import { isRefused, refuseWhere } from './refusals.ts'
import { insertAllChildren, insertRow } from './rows.ts'
import { imageColumns, tableOf } from './select.ts'
import { translate } from './where.ts'

type Sql = RawBuilder<unknown>

interface PatchedRow extends RecordRow {
  readonly _cf_pending: boolean
}

interface VersionRow {
  readonly epoch: string
  readonly counter: string
}

const isNewer = ({ epoch }: Stamp): Sql => sql`t._cf_epoch > ${epoch}::bigint`

/** The version of one row, as a table. */
const versionOf = (entity: Entity, id: Id): Sql =>
  sql`(select t.id, t._cf_epoch as epoch, t._cf_counter as counter from ${tableOf(entity)} where t.id = ${id}) v`

const toVersion = ({ epoch, counter }: VersionRow): Version => ({ epoch: Number(epoch), counter: Number(counter) })

/** What a statement of ours has raised, as the caller is told it. */
function refusedWrite(entity: Entity, id: Id, stamp: Stamp, error: unknown): unknown {
  if (isRefused(error, 'newer')) {
    const text = `${entity.name} ${id} was written or deleted after authority moved`
    return new CrossfadeError('TRY_AGAIN', `${text}; a write of epoch ${stamp.epoch} is refused.`)
  }
  if (!isRefused(error, 'stale')) return error
  const text = `${entity.name} ${id} keeps values that were mapped later; \`crossfade migrate up\` takes them.`
  return new CrossfadeError('UNAVAILABLE', text)
}

/**
 * Whoever writes by hand, or past the gateway, holds a record's row and not its lock: a guard is judged, and lists are
 * compared, by what he has made of them, in statements that begin behind that.
 */
const holdRow = (entity: Entity, id: Id): Sql =>
  sql`select from ${tableOf(entity)} where t.id = ${id} for no key update of t`

const isGuarded = ({ at, when }: Guard): boolean => at !== undefined || when !== undefined

/**
 * Looks at a record under its lock, before what is written behind it. A server logs each refusal: none is made without need.
 *
 * @param change null where it is deleted.
 */
function look(entity: Entity, id: Id, stamp: Stamp, { at, when }: Guard, change: Patch | null): Sql {
  const isOther = at
    ? sql`(t._cf_epoch, t._cf_counter) is distinct from (${at.epoch}::bigint, ${at.counter}::bigint)`
    : sql`t.id is null`
  // Rows of lists would go without it
  const absent = at || when || (change && hasChildren(change)) ? ([[isOther, 'absent']] as const) : []
  const stale = when || change ? ([[isStale(entity), 'stale']] as const) : []
  // Behind what is stale: the condition may be about values that stand in the rest until they are taken
  const unmet = when ? ([[sql`(${translate(entity, when)}) is not true`, 'absent']] as const) : []
  const refused = refuseWhere([[isNewer(stamp), 'newer'], ...absent, ...stale, ...unmet])
  return sql`select ${refused} from (select) o left join ${tableOf(entity)} on t.id = ${id}`
}

/** The change of the record's own row, its version and its note, unless the patch leaves all of it as it is. */
function changed(entity: Entity, id: Id, patch: Patch, { epoch, owed }: Stamp): Sql {
  const columns = newColumns(entity, patch)
  const sets = [...assignedValues(columns), sql`_cf_epoch = ${epoch}::bigint`, sql`_cf_counter = ${nextCounter}`]
  const others = [sql`false`, ...differs('t', columns), ...childrenDiffer(entity, id, patch)]
  const isOther = mayLeaveAsItIs(patch) ? sql`and (${sql.join(others, sql` or `)})` : sql``
  const update = sql`update ${wholeTable(entity)} set ${sql.join(sets)} where t.id = ${id} and ${isOfType(entity)} ${isOther}`
  if (!owed) return update
  const written = sql`${update} returning t.id, t._cf_epoch as epoch, t._cf_counter as counter`
  return sql`with written as (${written}) ${noteOwed(entity, sql`written`)}`
}

/** Whether a row of alias `t` is owed to the mirror. */
const isOwed = ({ name }: Entity): Sql =>
  sql`exists (select from crossfade.pending p where p.entity = ${name} and p.id = t.id::text)`

/** Runs statements on one record under its lock, behind each other, all or none. @throws what a statement of ours raises as it is. */
export type OnRecord = <T>(entity: Entity, id: Id, statements: readonly Sql[]) => Promise<Rows<T>>

/** Clients' writes, each as one call of `onRecord`: a transaction, or a step of one. */
export function recordWrites(connection: PostgresConnection, onRecord: OnRecord): RecordWrites {
  /** A write of whoever has authority. */
  const attempt = <T>(entity: Entity, id: Id, stamp: Stamp, statements: readonly Sql[]): Promise<Rows<T>> =>
    onRecord<T>(entity, id, [mayWrite(entity, stamp.epoch), lockRecords(entity, [id]), ...statements])

  const noted = (entity: Entity, id: Id, stamp: Stamp): Sql[] =>
    stamp.owed ? [noteOwed(entity, versionOf(entity, id))] : []

  async function create(entity: Entity, record: Rec, stamp: Stamp): Promise<Image> {
    const { id } = record
    const content = { record, rest: null, version: { epoch: stamp.epoch, counter: Date.now() } }
    try {
      const rows = await attempt<VersionRow>(entity, id, stamp, [
        sql`select ${refuseWhere([[sql`d.epoch > ${stamp.epoch}::bigint`, 'newer']])} from crossfade.tombstones d
            where d.entity = ${entity.name} and d.id = ${String(id)}`,
        insertRow(entity, content),
        ...insertAllChildren(entity, content),
        ...noted(entity, id, stamp),
        sql`select * from ${versionOf(entity, id)}`,
      ])
      return { id, version: toVersion(rows[0]!), pending: stamp.owed, record, rest: null, issues: [] }
    } catch (error) {
      throw refusedWrite(entity, id, stamp, error)
    }
  }

  /**
   * Writes what is there already. A field that was mapped later takes its value out of the rest before.
   *
   * @returns null where there is no record as the guard wants it.
   */
  async function onPresent<T>(
    entity: Entity,
    id: Id,
    stamp: Stamp,
    statements: readonly Sql[],
  ): Promise<Rows<T> | null> {
    const write = (): Promise<Rows<T>> => attempt<T>(entity, id, stamp, statements)
    const adopting = async (error: unknown): Promise<Rows<T>> => {
      if (!isRefused(error, 'stale')) throw error
      await adoptRecords(connection, entity, [id])
      return write()
    }
    try {
      return await write().catch(adopting)
    } catch (error) {
      if (isRefused(error, 'absent')) return null
      throw refusedWrite(entity, id, stamp, error)
    }
  }

  async function patch(entity: Entity, id: Id, change: Patch, stamp: Stamp, guard: Guard = {}): Promise<Image | null> {
    const rows = await onPresent<PatchedRow>(entity, id, stamp, [
      ...(isGuarded(guard) || (hasChildren(change) && mayLeaveAsItIs(change)) ? [holdRow(entity, id)] : []),
      look(entity, id, stamp, guard, change),
      changed(entity, id, change, stamp),
      ...patchChildren(entity, id, change),
      sql`select ${imageColumns(entity)}, ${isOwed(entity)} as _cf_pending from ${tableOf(entity)} where t.id = ${id}`,
    ])
    return rows?.[0] ? imageOf(connection, entity, rows[0], stamp.owed && rows[0]._cf_pending) : null
  }

  async function remove(entity: Entity, id: Id, stamp: Stamp, guard: Guard = {}): Promise<Image | null> {
    const gone = sql`delete from ${wholeTable(entity)} where t.id = ${id} and ${isOfType(entity)}
      returning t.id, ${stamp.epoch}::bigint as epoch, ${nextCounter} as counter`
    const note = stamp.owed ? sql`, note as (${noteOwed(entity, sql`gone`)})` : sql``
    const rows = await onPresent<VersionRow>(entity, id, stamp, [
      ...(isGuarded(guard) ? [holdRow(entity, id)] : []),
      look(entity, id, stamp, guard, null),
      sql`with gone as (${gone}), buried as (${keepTombstones(entity, sql`gone`)}) ${note} select * from gone`,
    ])
    const [row] = rows ?? []
    return row ? { id, version: toVersion(row), pending: stamp.owed, record: null, rest: null, issues: [] } : null
  }

  return { create, patch, delete: remove }
}
