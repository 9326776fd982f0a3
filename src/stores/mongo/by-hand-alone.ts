import type { Entity, Id } from '../../entity/entity.ts'
import { CrossfadeError } from '../../util/errors.ts'
import { type Bounds, carryOutByHand, maxAwaited, type Sides } from '../by-hand.ts'
import type { DoneByHand, Outbox, Stamp } from '../store.ts'
import { handOf } from './by-hand.ts'
import { storeNow } from './clock.ts'
import type { MongoConnection } from './connection.ts'
import { repeatedIds } from './repeated-ids.ts'
import { answered } from './sent.ts'

/** What is said where nothing was written. */
const nothing: ReadonlySet<unknown> = new Set(['TRY_AGAIN', 'UNAVAILABLE'])

/**
 * A write by hand on a server that has no transactions: changes alone, each stamped and marked as owed in its own operation,
 * so that one that is cut off leaves nothing that is not told. What would need a second operation is refused.
 *
 * @throws UNKNOWN_OUTCOME in the place of what says that nothing was written, where something may have been.
 */
export async function byHandAlone<T>(
  connection: MongoConnection,
  { images }: Pick<Outbox, 'images'>,
  entity: Entity,
  { mongo }: Sides<T>,
  stamp: Stamp,
): Promise<DoneByHand<T>> {
  if (entity.fixed.size > 0) {
    const text = `${entity.name} shares its collection, and this MongoDB server has no transactions`
    throw new CrossfadeError('MISCONFIGURED', `${text}: what is written by hand could turn into another type.`)
  }
  const touched = new Set<Id>()
  const now = await storeNow(connection)
  const nextId = repeatedIds()()
  const touch = (id: Id): void => void touched.add(id)
  try {
    const told: Bounds['told'] = (call) => answered(entity, call)
    const result = await carryOutByHand({ store: 'MongoDB', ms: connection.maxTimeMs, told }, (calls) =>
      mongo(handOf({ connection, entity, stamp, now, nextId, session: null, calls, touch }) as never),
    )
    const ids = [...touched].slice(0, maxAwaited)
    return { result, images: stamp.owed && ids.length > 0 ? await images(entity, ids) : [] }
  } catch (error) {
    if (!(error instanceof CrossfadeError) || error.code === 'MISCONFIGURED') throw error
    // Of several a refusal of one leaves those before it
    if (touched.size <= (nothing.has(error.code) ? 0 : 1)) throw error
    const text = `A part of what was written by hand of ${entity.name} may stand; look before repeating it.`
    throw new CrossfadeError('UNKNOWN_OUTCOME', text, { cause: error })
  }
}
