import { type RawBuilder, sql } from 'kysely'
import type { Entity, Id } from '../../entity/entity.ts'
import { valueAt } from '../../entity/values.ts'
import { byWeight } from '../../util/weigh.ts'
import { faultOf } from '../failure.ts'
import type { Image, LiveImage, PutOutcome } from '../store.ts'
import { ids, keepTombstones, lockRecords, maxLocked, mayPut, toId, versions } from './bookkeeping.ts'
import type { PostgresConnection } from './connection.ts'
import { issuesOfWritten } from './data-issues.ts'
import { isConstraint, isStoreTrouble, isTooLong, refusal } from './errors.ts'
import { postgresIndexes } from './indexes.ts'
import { load } from './load.ts'
import { isOfType, wholeTable } from './of-type.ts'
import { isRefused } from './refusals.ts'
import { insertRows, replaceChildren } from './rows.ts'
import { columnOf, tableOf } from './select.ts'
import type { Transaction } from './transaction.ts'
import { param } from './where.ts'

type Sql = RawBuilder<unknown>

const isAlive = (image: Image): image is LiveImage => image.record !== null

/** Removes rows that are older than the images of the same ids. */
const deleteOlder = (entity: Entity, images: readonly Image[]): Sql =>
  sql`delete from ${wholeTable(entity)} using ${versions(entity, images)}
      where t.id = n.id and ${isOfType(entity)} and (t._cf_epoch, t._cf_counter) < (n.epoch, n.counter)`

/** Writes tombstones and removes the records that are older; returns the ids that are gone by these tombstones now. */
async function putTombstones(tx: Transaction, entity: Entity, dead: readonly Image[]): Promise<Set<Id>> {
  if (dead.length === 0) return new Set()
  const deadIds = ids(
    entity,
    dead.map(({ id }) => id),
  )
  const [kept, , newer] = await Promise.all([
    tx.run<{ id: string }>(keepTombstones(entity, versions(entity, dead))),
    tx.run(deleteOlder(entity, dead)),
    tx.run<{ id: Id }>(sql`select t.id from ${tableOf(entity)} where t.id = any(${deadIds})`),
  ])
  const gone = new Set(kept.map(({ id }) => toId(entity, id)))
  for (const { id } of newer) gone.delete(id)
  return gone
}

/** Rows of other types under the ids of images, as a table of several types has them. */
function othersWith(entity: Entity, images: readonly Image[]): Sql {
  const all = ids(
    entity,
    images.map(({ id }) => id),
  )
  return sql`select t.id from ${wholeTable(entity)} where t.id = any(${all}) and ${isOfType(entity)} is not true`
}

/** Ids of images. */
interface PutRows {
  readonly written: ReadonlySet<Id>
  /** Under which a row of another type stands. */
  readonly taken: ReadonlySet<Id>
}

/** Writes rows that are newer than those that are there. */
async function putRows(
  tx: Transaction,
  entity: Entity,
  live: readonly LiveImage[],
  vacating: boolean,
): Promise<PutRows> {
  if (live.length === 0) return { written: new Set(), taken: new Set() }
  const [, written, taken] = await Promise.all([
    // An index that is no constraint checks each row by itself: those that are about to be replaced go first
    vacating && tx.run(deleteOlder(entity, live)),
    tx.run<{ id: Id }>(insertRows(entity, live, 'newer')),
    entity.fixed.size > 0 ? tx.run<{ id: Id }>(othersWith(entity, live)) : [],
  ])
  const idsOf = (rows: readonly { readonly id: Id }[]) => new Set(rows.map(({ id }) => id))
  return { written: idsOf(written), taken: idsOf(taken) }
}

const idTaken: PutOutcome = { put: 'refused', reason: 'a row of another type in its table has its id' }

/** Two ways to the server and back: what belongs to a row follows where the row was written. */
async function putAll(
  tx: Transaction,
  entity: Entity,
  images: readonly Image[],
  under: number,
  vacating: boolean,
): Promise<PutOutcome[]> {
  const live = images.filter(isAlive)
  const dead = images.filter((image) => !isAlive(image))
  const [, , , gone, { written, taken }] = await Promise.all([
    tx.run(mayPut(entity, under)),
    tx.run(sql`set constraints all deferred`), // values that the images exchange pass through a duplicate
    tx.run(
      lockRecords(
        entity,
        images.map(({ id }) => id),
      ),
    ),
    putTombstones(tx, entity, dead),
    putRows(tx, entity, live, vacating),
  ])
  const changed = live.filter(({ id }) => written.has(id))
  await tx.commit(changed.length > 0 ? [...replaceChildren(entity, changed), ...issuesOfWritten(entity, changed)] : [])
  return images.map(({ id }) => {
    if (taken.has(id)) return idTaken
    return { put: gone.has(id) || written.has(id) ? 'applied' : 'late' }
  })
}

const indexNamed = async (connection: PostgresConnection, entity: Entity, name: string | undefined) =>
  (await postgresIndexes(connection, entity.postgres)).find((index) => index.name === name)

/** Which records hold the values that a unique key refused; none where something else refused the image. */
async function holders(
  connection: PostgresConnection,
  entity: Entity,
  image: LiveImage,
  constraint: string | undefined,
): Promise<Id[]> {
  const index = await indexNamed(connection, entity, constraint)
  if (!index?.unique) return []
  const leaves = new Map([...entity.leaves.values()].map((leaf) => [leaf.column, leaf]))
  const same = [...index.columns, ...index.carried].flatMap((column) => {
    const leaf = leaves.get(column)
    if (!leaf) return []
    const value = valueAt(image.record, leaf.keys)
    return [value === null ? sql`${columnOf(leaf)} is null` : sql`${columnOf(leaf)} = ${param(leaf, value)}`]
  })
  if (same.length === 0) return []
  const among = index.predicate === null ? [] : [sql.raw(`(${index.predicate})`)]
  const rows = await connection.run<{ id: Id }>(
    sql`select t.id from ${tableOf(entity)} where t.id <> ${image.id} and ${sql.join([...same, ...among], sql` and `)}`,
  )
  return rows.map(({ id }) => id)
}

async function isThere(connection: PostgresConnection, entity: Entity, id: Id): Promise<boolean> {
  return (await connection.run(sql`select from ${tableOf(entity)} where t.id = ${id}`)).length > 0
}

/** What keeps one image out. @throws where the store is in trouble. */
async function keptOut(
  connection: PostgresConnection,
  entity: Entity,
  image: Image,
  error: unknown,
): Promise<PutOutcome> {
  if (isStoreTrouble(error)) throw error
  // No tombstone has room for an id that no key of a table has room for either: it is as it should be
  if (!isAlive(image) && isTooLong(error) && !(await isThere(connection, entity, image.id))) return { put: 'applied' }
  if (isAlive(image) && isConstraint(error)) {
    const by = await holders(connection, entity, image, error.constraint)
    if (by.length > 0) return { put: 'blocked', constraint: error.constraint ?? error.message, by }
  }
  return { put: 'refused', reason: refusal(error) ?? faultOf(error) }
}

/** Bytes of one statement, about: what a server takes within a fraction of its time limit. */
const maxBytes = 8 * 1024 * 1024

/** Whether a unique key refused a row that cannot wait for the end of the transaction: only constraints are deferred. */
async function cannotWait(connection: PostgresConnection, entity: Entity, error: unknown): Promise<boolean> {
  if (!isConstraint(error)) return false
  const index = await indexNamed(connection, entity, error.constraint)
  return index?.unique === true && index.deferrable === null
}

/** One transaction; where something refuses it, each half by itself, to find which. */
async function putTogether(
  connection: PostgresConnection,
  entity: Entity,
  images: readonly Image[],
  under: number,
  vacating = false,
): Promise<readonly PutOutcome[]> {
  try {
    return await connection.transaction((tx) => putAll(tx, entity, images, under, vacating), entity.name)
  } catch (error) {
    if (isRefused(error, 'overtaken')) return images.map(() => ({ put: 'overtaken' }))
    const [first, another] = images
    if (first && !another) return [await keptOut(connection, entity, first, error)]
    if (isStoreTrouble(error)) throw error
    if (!vacating && (await cannotWait(connection, entity, error)))
      return putTogether(connection, entity, images, under, true)
    const half = Math.ceil(images.length / 2)
    const outcomes = await putTogether(connection, entity, images.slice(0, half), under)
    return [...outcomes, ...(await putTogether(connection, entity, images.slice(half), under))]
  }
}

const applied = (): PutOutcome => ({ put: 'applied' })

/** See `Replica.bulkPut`. */
export async function bulkPut(
  connection: PostgresConnection,
  entity: Entity,
  images: readonly Image[],
  under: number,
  areNew = false,
): Promise<readonly PutOutcome[]> {
  const outcomes: PutOutcome[] = []
  for (const part of byWeight(images, maxBytes, maxLocked)) {
    const isLoaded = areNew && part.every(isAlive) && (await load(connection, entity, part, under))
    outcomes.push(...(isLoaded ? part.map(applied) : await putTogether(connection, entity, part, under)))
  }
  return outcomes
}
