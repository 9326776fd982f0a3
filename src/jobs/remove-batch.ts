import { fieldSet } from '../entity/field-set.ts'
import type { Image } from '../stores/store.ts'
import type { BackfillOptions, Checkpoint } from './checkpoint.ts'

/**
 * Removes rows without a document, each at the version that was looked at and no newer one, and leaves tombstones: a late
 * put must not bring them back.
 */
export async function removeBatch(
  { stores, entity, log }: BackfillOptions,
  at: Checkpoint,
  limit: number,
): Promise<Checkpoint> {
  const { mongo, postgres } = stores
  const { images, next } = await postgres.reader.scan(entity, { after: at.after, limit })
  const ids = images.map(({ id }) => id)
  const there = await mongo.reader.byIds(entity, ids, fieldSet(entity, []))
  const gone = images.filter(({ id }) => !there.has(id))
  let removed = 0
  if (gone.length > 0) {
    const known = await mongo.outbox.images(
      entity,
      gone.map(({ id }) => id),
    )
    const made = new Set(known.filter(({ record }) => record !== null).map(({ id }) => id)) // meanwhile
    const dead = gone
      .filter(({ id }) => !made.has(id))
      .map((image): Image => {
        const { epoch, counter } = image.version
        return {
          ...image,
          version: { epoch, counter: counter + 1 },
          record: null,
          rest: null,
          elementRests: {},
          issues: [],
        }
      })
    const outcomes = await postgres.replica.bulkPut(entity, dead)
    removed = outcomes.filter(({ put }) => put === 'applied').length
    if (removed > 0) log?.(`${entity.name}: ${removed} rows had no document and were removed`)
  }
  return { ...at, after: next, removed: at.removed + removed, done: next === null }
}
