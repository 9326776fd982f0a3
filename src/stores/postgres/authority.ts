import { type RawBuilder, sql } from 'kysely'
import type { Entity, Id, Rec } from '../../entity/entity.ts'
import type { Patch } from '../../query/patch.ts'
import { CrossfadeError } from '../../util/errors.ts'
import { KeyedQueue } from '../../util/keyed-queue.ts'
import type { Authority, Image, Stamp } from '../store.ts'
import { compareVersions, type Version } from '../version.ts'
import { adoptRecord, isStale } from './adopt-rest.ts'
import { ids, keepTombstones, lockRecords, mayWrite, nextCounter, noteOwed } from './bookkeeping.ts'
import type { RecordRow } from './codec/decode.ts'
import type { PostgresConnection } from './connection.ts'
import { writeError } from './errors.ts'
import type { Rows } from './executor.ts'
import { hasChildren, patchChildren } from './patch-children.ts'
import { assignments } from './patch-sql.ts'
import { imageOf } from './reader.ts'
import { isRefused, refuseWhere } from './refusals.ts'
import { insertAllChildren, insertRow } from './rows.ts'
import { imageColumns, tableOf } from './select.ts'

type Sql = RawBuilder<unknown>

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

export function postgresAuthority(connection: PostgresConnection): Authority {
  // Writers of a hot record wait here, not each with a connection in its hand.
  const queue = new KeyedQueue()

  /** One transaction on one record, under its lock, in one way to the server and back; returns the last one's rows. */
  async function onRecord<T>(entity: Entity, id: Id, statements: readonly Sql[]): Promise<Rows<T>> {
    const write = (): Promise<Rows<T>> => connection.transaction((tx) => tx.commit<T>(statements))
    try {
      return await queue.run(`${entity.name}/${id}`, write)
    } catch (error) {
      throw await writeError(connection, entity, error)
    }
  }

  /** A write of whoever has authority. @throws what a statement of ours raises as it is. */
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

  async function patch(entity: Entity, id: Id, change: Patch, stamp: Stamp, expected?: Version): Promise<Image | null> {
    const isOther = expected
      ? sql`(t._cf_epoch, t._cf_counter) is distinct from (${expected.epoch}::bigint, ${expected.counter}::bigint)`
      : sql`t.id is null`
    // A server logs each refusal: one of a record that is not there only where rows of lists would go without it
    const absent = expected || hasChildren(change) ? ([[isOther, 'absent']] as const) : []
    const sets = [
      ...assignments(entity, change),
      sql`_cf_epoch = ${stamp.epoch}::bigint`,
      sql`_cf_counter = ${nextCounter}`,
    ]
    const statements = [
      sql`select ${refuseWhere([[isNewer(stamp), 'newer'], ...absent, [isStale(entity), 'stale']])}
          from (select) o left join ${tableOf(entity)} on t.id = ${id}`,
      sql`update ${tableOf(entity)} set ${sql.join(sets)} where t.id = ${id}`,
      ...patchChildren(entity, id, change),
      ...noted(entity, id, stamp),
      sql`select ${imageColumns(entity)} from ${tableOf(entity)} where t.id = ${id}`,
    ]
    const write = (): Promise<Rows<RecordRow>> => attempt<RecordRow>(entity, id, stamp, statements)
    /** A field that was mapped later takes its value out of the rest before anything is changed. */
    const adopting = async (error: unknown): Promise<Rows<RecordRow>> => {
      if (!isRefused(error, 'stale')) throw error
      await adoptRecord(connection, entity, id)
      return write()
    }
    try {
      const [row] = await write().catch(adopting)
      return row ? imageOf(connection, entity, row, stamp.owed) : null
    } catch (error) {
      if (isRefused(error, 'absent')) return null
      throw refusedWrite(entity, id, stamp, error)
    }
  }

  async function remove(entity: Entity, id: Id, stamp: Stamp): Promise<Image | null> {
    const gone = sql`delete from ${tableOf(entity)} where t.id = ${id}
      returning t.id, ${stamp.epoch}::bigint as epoch, ${nextCounter} as counter`
    const note = stamp.owed ? sql`, note as (${noteOwed(entity, sql`gone`)})` : sql``
    try {
      const [row] = await attempt<VersionRow>(entity, id, stamp, [
        sql`select ${refuseWhere([[isNewer(stamp), 'newer']])} from ${tableOf(entity)} where t.id = ${id}`,
        sql`with gone as (${gone}), buried as (${keepTombstones(entity, sql`gone`)}) ${note} select * from gone`,
      ])
      return row ? { id, version: toVersion(row), pending: stamp.owed, record: null, rest: null, issues: [] } : null
    } catch (error) {
      throw refusedWrite(entity, id, stamp, error)
    }
  }

  async function restamp(entity: Entity, id: Id, version: Version, above: Version): Promise<boolean> {
    const next = compareVersions(version, above) > 0 ? version : above
    const [epoch, counter] = [sql`${next.epoch}::bigint`, sql`${next.counter + 1}::bigint`]
    const present = sql`(${version.epoch}::bigint, ${version.counter}::bigint)`
    const alive = sql`update ${tableOf(entity)} set _cf_epoch = ${epoch}, _cf_counter = ${counter}
      where t.id = ${id} and (t._cf_epoch, t._cf_counter) = ${present} returning t.id::text as id`
    const dead = sql`update crossfade.tombstones set epoch = ${epoch}, counter = ${counter}, at = now()
      where entity = ${entity.name} and id = ${String(id)} and (epoch, counter) = ${present}
        and not exists (select from alive) returning id`
    const found = sql`select id, ${epoch} as epoch, ${counter} as counter from alive union all
      select id, ${epoch}, ${counter} from dead`
    const rows = await onRecord(entity, id, [
      lockRecords(entity, [id]),
      sql`with alive as (${alive}), dead as (${dead}), found as (${found}), note as (${noteOwed(entity, sql`found`)})
          select id from found`,
    ])
    return rows.length > 0
  }

  /** A note that is there already keeps its version: it may be of a write that came later. */
  async function owe(entity: Entity, wanted: readonly Id[]): Promise<void> {
    await connection.run(
      sql`insert into crossfade.pending (entity, id, epoch, counter)
          select ${entity.name}, t.id::text, t._cf_epoch, t._cf_counter from ${tableOf(entity)}
          where t.id = any(${ids(entity, wanted)}) on conflict (entity, id) do nothing`,
    )
  }

  return {
    create,
    patch,
    delete: remove,
    restamp,
    owe,
    settleDeletes: async () => 0, // one transaction: nothing of it is seen before its end
  }
}
