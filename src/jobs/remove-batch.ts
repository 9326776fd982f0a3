import { readFlag } from '../control/flag-store.ts'
import { fieldSet } from '../entity/field-set.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { keepCopy } from '../mirror/conflicts.ts'
import { tombstoneOf } from '../mirror/tombstone-of.ts'
import { otherOrigin } from '../util/origin.ts'
import { type BackfillOptions, type Checkpoint, neverMoved } from './checkpoint.ts'
import { overtaken } from './overtaken.ts'

/**
 * Removes what the authority does not have, each at the version that was looked at and no newer one, and leaves
 * tombstones: a late put must not bring it back. What goes is kept in conflicts.
 */
export async function removeBatch(
  { stores, entity, log }: BackfillOptions,
  at: Checkpoint,
  limit: number,
): Promise<Checkpoint> {
  const { from } = at
  const under = at.epoch ?? neverMoved
  const { [from]: source, [otherOrigin(from)]: target } = stores
  const { images, next } = await target.reader.scan(entity, { after: at.after, limit })
  const ids = images.map(({ id }) => id)
  const there = await source.reader.byIds(entity, ids, fieldSet(entity, []))
  const gone = images.filter(({ id }) => !there.has(id))
  let removed = 0
  if (gone.length > 0) {
    const known = await source.outbox.images(
      entity,
      gone.map(({ id }) => id),
    )
    const made = new Set(known.filter(({ record }) => record !== null).map(({ id }) => id)) // meanwhile
    const lost = gone.filter(({ id }) => !made.has(id))
    const flag = (await readFlag(target.ledger, flagKeyOf(entity)))?.flag
    if (flag && flag.epoch > under) throw overtaken(entity.name) // before copies are kept of what stays
    for (const image of lost) await keepCopy(source.ledger, entity, target.origin, image, 'none')
    const outcomes = await target.replica.bulkPut(entity, lost.map(tombstoneOf), under)
    if (outcomes.some(({ put }) => put === 'overtaken')) throw overtaken(entity.name)
    removed = outcomes.filter(({ put }) => put === 'applied').length
    if (removed > 0)
      log?.(`${entity.name}: ${removed} records were not in ${from} and were removed from ${target.origin}`)
  }
  return { ...at, after: next, removed: at.removed + removed, done: next === null }
}
