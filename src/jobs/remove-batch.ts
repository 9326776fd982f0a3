import { fieldSet } from '../entity/field-set.ts'
import { otherOrigin } from '../util/origin.ts'
import { buryCopies } from './bury-copies.ts'
import { type BackfillOptions, type Checkpoint, neverMoved } from './checkpoint.ts'

/** Looks for what the authority does not have behind the checkpoint, and buries it. */
export async function removeBatch(options: BackfillOptions, at: Checkpoint, limit: number): Promise<Checkpoint> {
  const { stores, entity } = options
  const { from } = at
  const { [from]: source, [otherOrigin(from)]: target } = stores
  const { images, next } = await target.reader.scan(entity, { after: at.after, limit })
  const ids = images.map(({ id }) => id)
  const there = await source.reader.byIds(entity, ids, fieldSet(entity, []))
  const gone = images.filter(({ id }) => !there.has(id))
  const removed = await buryCopies(options, from, at.epoch ?? neverMoved, gone)
  return {
    ...at,
    after: next,
    removed: at.removed + removed,
    done: next === null,
    ended: next === null ? new Date().toISOString() : null,
  }
}
