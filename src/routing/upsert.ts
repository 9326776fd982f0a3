import { meansNull } from '../codec/converter.ts'
import { keyValue } from '../entity/canonical-value.ts'
import type { Entity } from '../entity/entity.ts'
import { allFields } from '../entity/field-set.ts'
import { leafAt } from '../entity/leaf-at.ts'
import type { NewRecordOf, RecordOf } from '../entity/record.ts'
import { leafValue } from '../entity/values.ts'
import { parseValue } from '../query/where.ts'
import { Conflict } from '../stores/failure.ts'
import type { Store } from '../stores/store.ts'
import { CrossfadeError } from '../util/errors.ts'
import { isPlainObject } from '../util/json.ts'
import { askOnly } from './fail-over.ts'
import { maxTries, rested } from './tries.ts'
import type { TypeWrites, Upserted } from './type-writes.ts'

/** How often a conflict is about another value before it counts: of those who make one record at once each meets any of its values. */
const maxElsewhere = 5

/** See `TypeWrites.upsert`. @param store that has authority; null in a transaction. */
export async function upsert<E extends Entity>(
  entity: E,
  writes: Pick<TypeWrites<E>, 'create' | 'update'>,
  store: Store | null,
  path: string,
  given: unknown,
  what: Upserted<E, string>,
): Promise<RecordOf<E>> {
  const leaf = leafAt(entity, path)
  if (!leaf.unique || !store) {
    const why = store ? `needs ${path} to be unique` : 'stands in no transaction: leave it out of together()'
    throw new CrossfadeError('MISCONFIGURED', `An upsert of ${entity.name} ${why}.`)
  }
  if (!isPlainObject(what) || !what.create || !what.change)
    throw new CrossfadeError('MISCONFIGURED', `An upsert of ${entity.name} takes { create, change }.`)
  const { create, change } = what
  const value = parseValue(entity, path, given)
  if (value === null || meansNull(leaf.converter, value))
    throw new CrossfadeError('BAD_USER_INPUT', `${entity.name}.${path}: null is no value to be found by.`)
  const wanted = keyValue(leaf, value)
  const rule = typeof change === 'function' ? change : () => change
  const among = { where: { op: 'eq', path, value }, order: [{ path: 'id', direction: 'asc' }], limit: 1 } as const
  let [conflict, elsewhere]: [Conflict | null, number] = [null, 0]
  for (let tries = 1; tries <= maxTries; tries++) {
    const [found] = await askOnly(store, ({ reader }) => reader.query(entity, { ...among, fields: allFields(entity) }))
    let isIt = true
    const updated =
      found &&
      (await writes.update(found.record.id, (record) => {
        isIt = keyValue(leaf, leafValue(record, leaf)) === wanted
        return isIt ? rule(record) : null // another has the value by now, or nobody
      }))
    if (updated && isIt) return updated
    if (!found)
      try {
        return await writes.create({ ...create, [path]: given } as NewRecordOf<E>) // the path is a field of it
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
        // Somebody was first, and may not be seen yet; or it is about another value alone, and nothing will be seen
        if (!error.fields.includes(path) && ++elsewhere === maxElsewhere) throw error
        conflict = error
      }
    await rested(tries)
  }
  throw conflict ?? new CrossfadeError('TRY_AGAIN', `Others were first ${maxTries} times; try again.`)
}
