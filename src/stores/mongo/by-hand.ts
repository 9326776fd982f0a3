import type { Entity, Id } from '../../entity/entity.ts'
import { leafAt } from '../../entity/leaf-at.ts'
import { writtenCondition } from '../../query/written-condition.ts'
import { type Bounds, carryOutByHand, maxAwaited, type Sides } from '../by-hand.ts'
import type { DoneByHand, Stamp, Steps } from '../store.ts'
import { decoded } from './codec/expression.ts'
import type { MongoHand } from './hand.ts'
import { handCollection, type Writing } from './hand-collection.ts'
import type { NextId } from './repeated-ids.ts'
import { settleTouched, type Touched, type Within } from './settle-touched.ts'
import { translate } from './where.ts'

/** What a side is given. */
export const handOf = (writing: Writing): MongoHand => ({
  collection: handCollection(writing),
  match: (entity, where) => translate(writing.connection, entity, writtenCondition(entity, where)),
  value: (entity, path) => decoded(leafAt(entity, path)),
})

interface InTransaction extends Within {
  readonly clock: () => Promise<number>
  readonly nextId: NextId
  readonly images: Steps['images']
  /** Tells what a failure of the store means. */
  readonly step: <T>(entity: Entity, stamp: Stamp, work: () => Promise<T>) => Promise<T>
}

/** See `Steps.byHand`. At its end each record that was touched is stamped anew, or buried. */
export async function byHandIn<T>(
  { clock, nextId, images, step, ...within }: InTransaction,
  entity: Entity,
  { mongo }: Sides<T>,
  stamp: Stamp,
): Promise<DoneByHand<T>> {
  const told: Bounds['told'] = (call) => step(entity, stamp, call)
  const now = await told(clock)
  const touched = new Map<Id, Touched>()
  const touch: Writing['touch'] = (id, raw, before) => {
    if (!touched.has(id)) touched.set(id, { id, raw, before })
  }
  // Cursors are the side's own: two that are asked at once would both begin the transaction
  const { connection, session } = within
  const first = { session, maxTimeMS: connection.maxTimeMs, projection: { _id: 1 } }
  await told(() => connection.collection(entity).findOne({ _id: null as never }, first))
  const result = await carryOutByHand({ store: 'MongoDB', ms: connection.maxTimeMs, told }, (calls) =>
    mongo(handOf({ ...within, entity, stamp, now, nextId, calls, touch }) as never),
  )
  if (touched.size === 0) return { result, images: [] }
  await told(() => settleTouched(within, entity, [...touched.values()], stamp, now))
  const ids = [...touched.keys()].slice(0, maxAwaited)
  return { result, images: stamp.owed ? await told(() => images(entity, ids)) : [] }
}
