import type { Entity, Id } from '../../entity/entity.ts'
import type { Change } from '../foreign-changes.ts'
import { compareVersions } from '../version.ts'
import { encodeId } from './codec/encode.ts'
import type { MongoConnection } from './connection.ts'
import { idText, idTextOf } from './id-text.ts'
import { type Buried, tombstonesOf } from './tombstone.ts'

/** A change as its event tells it. */
export interface Told extends Change {
  /** When it was made, in milliseconds since 1970, to the second. */
  readonly at: number
}

/** Our clock, by which a tombstone's version counts, may be so far behind the server's at most, in milliseconds. */
const clocksApart = 1_000

/**
 * Which documents were of another type when they were deleted: those of which one of its tombstones was written then, as
 * each delete of ours writes one. Of what another program deletes each type gets one, and none of them tells.
 */
async function deletedAs(
  connection: MongoConnection,
  siblings: readonly Entity[],
  gone: readonly Told[],
): Promise<ReadonlySet<Id>> {
  if (gone.length === 0) return new Set()
  const ids = gone.map(({ id }) => id)
  const kept = await Promise.all(siblings.map((sibling) => tombstonesOf(connection, sibling, ids)))
  const isOurs = ({ version, foreign }: Buried, { at, before }: Told): boolean =>
    !foreign && version.counter >= at - clocksApart && compareVersions(version, before) >= 0
  const wasOf = (told: Told) => (of: ReadonlyMap<Id, Buried>) => {
    const buried = of.get(told.id)
    return buried !== undefined && isOurs(buried, told)
  }
  return new Set(gone.filter((told) => kept.some(wasOf(told))).map(({ id }) => id))
}

async function stillOf(
  connection: MongoConnection,
  entity: Entity,
  written: readonly Told[],
): Promise<ReadonlySet<string>> {
  if (written.length === 0) return new Set()
  const among = { _id: { $in: written.map(({ id }) => encodeId(entity, id)) } }
  const found = await connection
    .collection(entity)
    .find(among, { projection: { _id: 1 } })
    .toArray()
  return new Set(found.map(({ _id }) => idText(_id)))
}

/** Says of changes in a collection of several types which are another's: an event does not tell of which a document is. */
export async function ofWhichType(
  connection: MongoConnection,
  [entity, ...siblings]: readonly [Entity, ...Entity[]],
  made: readonly Told[],
): Promise<readonly Change[]> {
  if (entity.fixed.size === 0 || made.length === 0) return made
  const { gone = [], written = [] } = Object.groupBy(made, ({ isGone }) => (isGone ? 'gone' : 'written'))
  const [others, own] = await Promise.all([deletedAs(connection, siblings, gone), stillOf(connection, entity, written)])
  return made.map((change) => {
    const isOfAnother = change.isGone ? others.has(change.id) : !own.has(idTextOf(entity, change.id))
    return { ...change, isOfAnother }
  })
}
