import { sql } from 'kysely'
import type { Entity, Id, Rec } from '../../entity/entity.ts'
import { valueAt } from '../../entity/values.ts'
import { byWeight } from '../../util/weigh.ts'
import { faultOf } from '../failure.ts'
import type { Image, PutOutcome } from '../store.ts'
import { compareVersions } from '../version.ts'
import { ids, keepTombstones, lockRecords, tombstonesOf } from './bookkeeping.ts'
import type { Executor, PostgresConnection } from './connection.ts'
import { replaceIssues } from './data-issues.ts'
import { isConstraint, isStoreTrouble, refusal } from './errors.ts'
import { postgresIndexes } from './indexes.ts'
import { insertRows, replaceChildren } from './rows.ts'
import { columnOf, tableOf } from './select.ts'
import { param } from './where.ts'

type Alive = Image & { readonly record: Rec }

const isAlive = (image: Image): image is Alive => image.record !== null

/** Removes rows that are older than the images of the same ids. */
async function deleteOlder(tx: Executor, entity: Entity, images: readonly Image[]): Promise<void> {
  const all = ids(
    entity,
    images.map(({ id }) => id),
  )
  await tx.run(
    sql`delete from ${tableOf(entity)} using unnest(${all},
          ${images.map(({ version }) => version.epoch)}::bigint[], ${images.map(({ version }) => version.counter)}::bigint[]) n(id, epoch, counter)
        where t.id = n.id and (t._cf_epoch, t._cf_counter) < (n.epoch, n.counter)`,
  )
}

/** Writes tombstones and removes the records that are older; returns the ids that are gone by these tombstones now. */
async function putTombstones(tx: Executor, entity: Entity, dead: readonly Image[]): Promise<Set<Id>> {
  const kept = await keepTombstones(tx, entity, dead)
  const deadIds = ids(
    entity,
    dead.map(({ id }) => id),
  )
  await deleteOlder(tx, entity, dead)
  const newer = await tx.run<{ id: Id }>(sql`select t.id from ${tableOf(entity)} where t.id = any(${deadIds})`)
  for (const { id } of newer) kept.delete(id)
  return kept
}

async function putAll(
  tx: Executor,
  entity: Entity,
  images: readonly Image[],
  vacating: boolean,
): Promise<PutOutcome[]> {
  // Values that the images exchange pass through a duplicate; only the end counts.
  const all = images.map(({ id }) => id)
  const [, , tombstones] = await Promise.all([
    tx.run(sql`set constraints all deferred`),
    lockRecords(tx, entity, all),
    tombstonesOf(tx, entity, all),
  ])
  const dead = images.filter((image) => image.record === null)
  const gone = dead.length > 0 ? await putTombstones(tx, entity, dead) : new Set<Id>()
  const live = images.filter(isAlive).filter(({ id, version }) => {
    const tombstone = tombstones.get(id)
    return !tombstone || compareVersions(tombstone, version) < 0
  })
  // An index that is no constraint checks each row by itself: those that are about to be replaced go first
  if (vacating && live.length > 0) await deleteOlder(tx, entity, live)
  const written = live.length > 0 ? await insertRows(tx, entity, live, 'newer') : new Set<Id>()
  const changed = live.filter(({ id }) => written.has(id))
  if (changed.length > 0) {
    await Promise.all([replaceChildren(tx, entity, changed), replaceIssues(tx, entity, changed)])
  }
  return images.map(({ id }) => ({ put: gone.has(id) || written.has(id) ? 'applied' : 'late' }))
}

const indexNamed = async (connection: PostgresConnection, entity: Entity, name: string | undefined) =>
  (await postgresIndexes(connection, entity.postgres)).find((index) => index.name === name)

/** Which records hold the values that a unique key refused; none where something else refused the image. */
async function holders(
  connection: PostgresConnection,
  entity: Entity,
  image: Alive,
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

/** What keeps one image out. @throws where the store is in trouble. */
async function keptOut(
  connection: PostgresConnection,
  entity: Entity,
  image: Image,
  error: unknown,
): Promise<PutOutcome> {
  if (isStoreTrouble(error)) throw error
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
  vacating = false,
): Promise<readonly PutOutcome[]> {
  try {
    return await connection.transaction((tx) => putAll(tx, entity, images, vacating))
  } catch (error) {
    const [first, another] = images
    if (first && !another) return [await keptOut(connection, entity, first, error)]
    if (isStoreTrouble(error)) throw error
    if (!vacating && (await cannotWait(connection, entity, error))) return putTogether(connection, entity, images, true)
    const half = Math.ceil(images.length / 2)
    const outcomes = await putTogether(connection, entity, images.slice(0, half))
    return [...outcomes, ...(await putTogether(connection, entity, images.slice(half)))]
  }
}

/** See `Replica.bulkPut`. */
export async function bulkPut(
  connection: PostgresConnection,
  entity: Entity,
  images: readonly Image[],
): Promise<readonly PutOutcome[]> {
  const outcomes: PutOutcome[] = []
  for (const part of byWeight(images, maxBytes)) outcomes.push(...(await putTogether(connection, entity, part)))
  return outcomes
}
