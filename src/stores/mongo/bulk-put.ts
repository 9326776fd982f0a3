import type { Entity, Id } from '../../entity/entity.ts'
import type { Image, PutOutcome } from '../store.ts'
import { encodeId } from './codec/encode.ts'
import type { MongoConnection } from './connection.ts'
import { exchange, isExchangedAtOnce } from './exchange.ts'
import { isOvertaken } from './fence.ts'
import { idTextOf } from './id-text.ts'
import { applied, late, putOne, storedById } from './put.ts'
import { forbids, keepTombstone, tombstonesOf } from './tombstone.ts'
import { type Parked, park, unpark } from './unique-values.ts'

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
      const put = { connection, entity, image, under, stored: stored.get(idTextOf(entity, image.id)) }
      return putOne(put, areNewTombstones[index]!)
    }),
  )
}

/** Whether a document can have the id: other programs may write any text where PostgreSQL keeps ids as text. */
function canHave(entity: Entity, id: Id): boolean {
  try {
    encodeId(entity, id)
    return true
  } catch {
    return false
  }
}

/** Of an id that no document has, nothing is left to remove. */
const ofNoDocument = ({ record }: Image): PutOutcome =>
  record === null ? applied : { put: 'refused', reason: 'its id is none that MongoDB can have' }

/** See `Replica.bulkPut`. */
export async function bulkPut(
  connection: MongoConnection,
  entity: Entity,
  images: readonly Image[],
  under: number,
): Promise<PutOutcome[]> {
  const fit = images.filter(({ id }) => canHave(entity, id))
  if (fit.length === images.length) return putFitting(connection, entity, images, under)
  const outcomes = fit.length > 0 ? await putFitting(connection, entity, fit, under) : []
  return images.map((image) => outcomes[fit.indexOf(image)] ?? ofNoDocument(image))
}

/** The documents' guards are their exact versions: a racing put makes this one late. */
async function putFitting(
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
  let parked: readonly Parked[] = []
  const done = new Set(images.filter((_, index) => outcomes[index]!.put === 'applied').map(({ id }) => id))
  if (await isExchangedAtOnce(connection)) {
    const exchanged = await exchange(connection, entity, exchanging, under)
    if (!exchanged) return outcomes
    for (const id of exchanged) done.add(id)
  } else {
    parked = await park(connection, entity, exchanging, await storedById(connection, entity, exchanging))
  }
  const again = await attempt(connection, entity, images, under)
  await unpark(connection, entity, parked)
  // What was applied above is late by now
  return again.map((outcome, index) => (done.has(images[index]!.id) && outcome.put === 'late' ? applied : outcome))
}
