import type { Entity, Id } from '../../entity/entity.ts'
import type { Image, PutOutcome } from '../store.ts'
import { encodeId } from './codec/encode.ts'
import type { MongoConnection } from './connection.ts'
import { failureOf, isDuplicate } from './errors.ts'
import { isOvertaken } from './fence.ts'
import { applied, changed, late, putOne, stateOf, storedById } from './put.ts'
import { forbids, keepTombstone, tombstonesOf } from './tombstone.ts'
import { hasTransactions, inTransaction } from './transaction.ts'
import { park } from './unique-values.ts'

async function attempt(
  connection: MongoConnection,
  entity: Entity,
  images: readonly Image[],
  under: number,
): Promise<PutOutcome[]> {
  const [overtaken, ...areNewTombstones] = await Promise.all([
    // What is to be removed was read before this; what is inserted asks when nobody sees it yet
    images.some(({ record }) => record === null) && isOvertaken(connection, entity, under),
    // Before the documents are looked at: a racing put either is seen then, or sees the tombstone before it is revealed
    ...images.map(
      ({ id, version, record }) => record === null && keepTombstone(connection, entity, id, version, false),
    ),
  ])
  if (overtaken) return images.map(() => ({ put: 'overtaken' }))
  const tombstones = await tombstonesOf(
    connection,
    entity,
    images.map(({ id }) => id),
  )
  const stored = await storedById(connection, entity, images)
  return Promise.all(
    images.map((image, index) => {
      if (image.record !== null && forbids(tombstones.get(image.id), image.version)) return late
      const put = { connection, entity, image, under, stored: stored.get(String(encodeId(entity, image.id))) }
      return putOne(put, areNewTombstones[index]!)
    }),
  )
}

class Raced extends Error {}

/**
 * Makes documents equal to images that exchange unique values, in one transaction, outside of which nobody sees what is
 * parked.
 *
 * @returns what was made equal; null where somebody else came between, so that nothing of it stands.
 */
async function exchange(
  connection: MongoConnection,
  entity: Entity,
  images: readonly Image[],
  under: number,
): Promise<ReadonlySet<Id> | null> {
  try {
    return await inTransaction(connection, async (session) => {
      const look = () => storedById(connection, entity, images, session)
      await park(connection, entity, images, await look(), session)
      const parked = await look()
      const made = new Set<Id>()
      for (const image of images) {
        const put = { connection, entity, image, under, stored: parked.get(String(encodeId(entity, image.id))) }
        if (stateOf(put) !== 'older') continue
        if (!(await changed(put, {}, session))) throw new Raced()
        made.add(image.id)
      }
      return made
    })
  } catch (error) {
    if (error instanceof Raced || isDuplicate(error) || failureOf(error) === 'busy') return null
    throw error
  }
}

/** See `Replica.bulkPut`. The documents' guards are their exact versions: a racing put makes this one late. */
export async function bulkPut(
  connection: MongoConnection,
  entity: Entity,
  images: readonly Image[],
  under: number,
): Promise<PutOutcome[]> {
  const outcomes = await attempt(connection, entity, images, under)
  const given = new Set(images.map(({ id }) => id))
  const holders = new Set(outcomes.flatMap((outcome) => (outcome.put === 'blocked' ? outcome.by : [])))
  if (![...holders].some((id) => given.has(id))) return outcomes
  const exchanging = images.filter(
    ({ id, record }, index) => record !== null && (outcomes[index]!.put === 'blocked' || holders.has(id)),
  )
  const done = new Set(images.filter((_, index) => outcomes[index]!.put === 'applied').map(({ id }) => id))
  if (await hasTransactions(connection)) {
    const exchanged = await exchange(connection, entity, exchanging, under)
    if (!exchanged) return outcomes
    for (const id of exchanged) done.add(id)
  } else {
    await park(connection, entity, exchanging, await storedById(connection, entity, exchanging))
  }
  const again = await attempt(connection, entity, images, under)
  // What was applied above is late by now
  return again.map((outcome, index) => (done.has(images[index]!.id) && outcome.put === 'late' ? applied : outcome))
}
