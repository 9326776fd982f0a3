import { sql } from 'kysely'
import type { Entity, Id, Rec } from '../../entity/entity.ts'
import type { Patch } from '../../query/patch.ts'
import { CrossfadeError } from '../../util/errors.ts'
import { KeyedQueue } from '../../util/keyed-queue.ts'
import type { Authority, Image, Stamp } from '../store.ts'
import { compareVersions, formatVersion, type Version } from '../version.ts'
import { adoptRecord, isStale } from './adopt-rest.ts'
import {
  ids,
  keepTombstones,
  lockRecords,
  mayWrite,
  nextCounter,
  noteOwed,
  restampTombstone,
  tombstonesOf,
} from './bookkeeping.ts'
import type { RecordRow } from './codec/decode.ts'
import type { Executor, PostgresConnection } from './connection.ts'
import { writeError } from './errors.ts'
import { patchChildren } from './patch-children.ts'
import { assignments } from './patch-sql.ts'
import { imageOf } from './reader.ts'
import { insertRows, replaceChildren } from './rows.ts'
import { imageColumns, tableOf } from './select.ts'

interface VersionRow {
  readonly epoch: string
  readonly counter: string
}

/** The row keeps as unmapped what the mapping names by now. */
class Stale extends CrossfadeError {
  constructor(entity: Entity, id: Id) {
    super(
      'UNAVAILABLE',
      `${entity.name} ${id} keeps values that were mapped later; \`crossfade migrate up\` takes them.`,
    )
  }
}

const toVersion = ({ epoch, counter }: VersionRow): Version => ({ epoch: Number(epoch), counter: Number(counter) })

export function postgresAuthority(connection: PostgresConnection): Authority {
  // Writers of a hot record wait here, not each with a connection in its hand.
  const queue = new KeyedQueue()

  /**
   * One transaction on one record, under its lock.
   *
   * @param stamp of a write that a client asked for: it goes on only while the flag is still as it was for its writer.
   */
  async function onRecord<T>(
    entity: Entity,
    id: Id,
    stamp: Stamp | null,
    work: (tx: Executor) => Promise<T>,
  ): Promise<T> {
    const locked = (): Promise<T> =>
      connection.transaction(async (tx) => {
        // Both locks are sent first, and what follows runs once they are held
        const fence = stamp && mayWrite(tx, entity, stamp.epoch)
        const [, , result] = await Promise.all([fence, lockRecords(tx, entity, [id]), work(tx)])
        return result
      })
    try {
      return await queue.run(`${entity.name}/${id}`, locked)
    } catch (error) {
      throw await writeError(connection, entity, error)
    }
  }

  async function whole(tx: Executor, entity: Entity, id: Id, pending: boolean): Promise<Image> {
    const rows = await tx.run<RecordRow>(sql`select ${imageColumns(entity)} from ${tableOf(entity)} where t.id = ${id}`)
    return imageOf(connection, entity, rows[0]!, pending)
  }

  async function refuseStale(tx: Executor, entity: Entity, id: Id, stamp: Stamp): Promise<void> {
    const rows = await tx.run<VersionRow>(
      sql`select _cf_epoch as epoch, _cf_counter as counter from ${tableOf(entity)} where t.id = ${id}`,
    )
    const version = rows[0] && toVersion(rows[0])
    if (!version || version.epoch <= stamp.epoch) return
    const text = `${entity.name} ${id} is at version ${formatVersion(version)}, written after authority moved`
    throw new CrossfadeError('TRY_AGAIN', `${text}; a write of epoch ${stamp.epoch} is refused.`)
  }

  function create(entity: Entity, record: Rec, stamp: Stamp): Promise<Image> {
    return onRecord(entity, record.id, stamp, async (tx) => {
      const tombstone = (await tombstonesOf(tx, entity, [record.id])).get(record.id)
      if (tombstone && tombstone.epoch > stamp.epoch) {
        throw new CrossfadeError('TRY_AGAIN', `${entity.name} has moved on; try again.`)
      }
      const version = { epoch: stamp.epoch, counter: Math.max(Date.now(), (tombstone?.counter ?? 0) + 1) }
      const content = { record, rest: null, version }
      await insertRows(tx, entity, [content], 'nothing')
      await Promise.all([
        replaceChildren(tx, entity, [content]),
        stamp.owed && noteOwed(tx, entity, record.id, version),
      ])
      return { id: record.id, version, pending: stamp.owed, record, rest: null, issues: [] }
    })
  }

  /** A field that was mapped later takes its value out of the rest before anything is changed. */
  async function patch(...args: Parameters<typeof patchOnce>): Promise<Image | null> {
    try {
      return await patchOnce(...args)
    } catch (error) {
      if (!(error instanceof Stale)) throw error
      await adoptRecord(connection, args[0], args[1])
      return patchOnce(...args)
    }
  }

  function patchOnce(entity: Entity, id: Id, change: Patch, stamp: Stamp, expected?: Version): Promise<Image | null> {
    return onRecord(entity, id, stamp, async (tx) => {
      const guard = expected
        ? sql`and (t._cf_epoch, t._cf_counter) = (${expected.epoch}::bigint, ${expected.counter}::bigint)`
        : sql``
      const sets = [
        ...assignments(entity, change),
        sql`_cf_epoch = ${stamp.epoch}::bigint`,
        sql`_cf_counter = ${nextCounter}`,
      ]
      const [bumped] = await tx.run<VersionRow & { readonly stale: boolean }>(
        sql`update ${tableOf(entity)} set ${sql.join(sets)}
            where t.id = ${id} and t._cf_epoch <= ${stamp.epoch}::bigint ${guard}
            returning t._cf_epoch as epoch, t._cf_counter as counter, ${isStale(entity)} as stale`,
      )
      if (!bumped) {
        await refuseStale(tx, entity, id, stamp)
        return null
      }
      if (bumped.stale) throw new Stale(entity, id)
      await patchChildren(tx, entity, id, change)
      const [image] = await Promise.all([
        whole(tx, entity, id, stamp.owed),
        stamp.owed && noteOwed(tx, entity, id, toVersion(bumped)),
      ])
      return image
    })
  }

  function remove(entity: Entity, id: Id, stamp: Stamp): Promise<Image | null> {
    return onRecord(entity, id, stamp, async (tx) => {
      const gone = await tx.run<{ counter: string }>(
        sql`delete from ${tableOf(entity)} where t.id = ${id} and t._cf_epoch <= ${stamp.epoch}::bigint
            returning ${nextCounter} as counter`,
      )
      if (!gone[0]) {
        await refuseStale(tx, entity, id, stamp)
        return null
      }
      const version = { epoch: stamp.epoch, counter: Number(gone[0].counter) }
      await Promise.all([
        keepTombstones(tx, entity, [{ id, version }]),
        stamp.owed && noteOwed(tx, entity, id, version),
      ])
      return { id, version, pending: stamp.owed, record: null, rest: null, issues: [] }
    })
  }

  function restamp(entity: Entity, id: Id, version: Version, above: Version): Promise<boolean> {
    const next = compareVersions(version, above) > 0 ? version : above
    return onRecord(entity, id, null, async (tx) => {
      const done = await tx.run(
        sql`update ${tableOf(entity)} set _cf_epoch = ${next.epoch}::bigint, _cf_counter = ${next.counter + 1}::bigint
            where t.id = ${id} and (t._cf_epoch, t._cf_counter) = (${version.epoch}::bigint, ${version.counter}::bigint)
            returning t.id`,
      )
      const restamped = { epoch: next.epoch, counter: next.counter + 1 }
      const found = done.length > 0 || (await restampTombstone(tx, entity, id, version, restamped))
      if (found) await noteOwed(tx, entity, id, restamped)
      return found
    })
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
