import { meansNull } from '../codec/converter.ts'
import { keyValue } from '../entity/canonical-value.ts'
import type { Entity, Leaf } from '../entity/entity.ts'
import { allFields } from '../entity/field-set.ts'
import { leafAt } from '../entity/leaf-at.ts'
import type { NewRecordOf, RecordOf } from '../entity/record.ts'
import { leafValue } from '../entity/values.ts'
import { parseValue, type Where } from '../query/where.ts'
import { Conflict } from '../stores/failure.ts'
import type { Store } from '../stores/store.ts'
import { CrossfadeError } from '../util/errors.ts'
import { isPlainObject } from '../util/json.ts'
import { onceFor } from '../util/once-for.ts'
import { askOnly } from './fail-over.ts'
import { maxTries, rested } from './tries.ts'
import type { TypeWrites, Upserted } from './type-writes.ts'

/** How often a conflict is about another value before it counts: of those who make one record at once each meets any of its values. */
const maxElsewhere = 5

/** A field that an upsert goes by, with what it was given and what that is in the store. */
interface KeyPart {
  readonly path: string
  readonly leaf: Leaf
  readonly given: unknown
  readonly value: unknown
}

function partOf(entity: Entity, path: string, given: unknown): KeyPart {
  const leaf = leafAt(entity, path)
  const value = parseValue(entity, path, given ?? null)
  if (value === null || meansNull(leaf.converter, value))
    throw new CrossfadeError('BAD_USER_INPUT', `${entity.name}.${path}: null is no value to be found by.`)
  return { path, leaf, given, value }
}

const misused = (entity: Entity, why: string): CrossfadeError =>
  new CrossfadeError('MISCONFIGURED', `An upsert of ${entity.name} ${why}.`)

/** Which fields together an index of a store has been seen to keep unique: an index that somebody drops was not asked about again. */
const seen = onceFor((_: Store) => new Set<string>())

/** @throws MISCONFIGURED where nothing in the store would decide who is first. */
async function checkUnique(entity: Entity, store: Store, paths: readonly string[]): Promise<void> {
  const sorted = [...paths].sort()
  const key = JSON.stringify([entity.name, ...sorted])
  if (seen(store).has(key)) return
  if (!(await askOnly(store, (asked) => asked.keepsUnique(entity, new Set(paths))))) {
    const which = `${sorted.join(' and ')} to be unique together`
    throw misused(entity, `needs ${which}, and ${store.origin} has no index that says so of all records`)
  }
  seen(store).add(key)
}

const toWhere = ({ path, value }: KeyPart): Where => ({ op: 'eq', path, value })

/**
 * See `TypeWrites.upsert`.
 *
 * @param store that has authority; null in a transaction.
 * @param key by path what the record has in each of the fields.
 */
export async function upsert<E extends Entity>(
  entity: E,
  writes: Pick<TypeWrites<E>, 'create' | 'update'>,
  store: Store | null,
  key: Readonly<Record<string, unknown>>,
  what: Upserted<E, string>,
): Promise<RecordOf<E>> {
  const paths = Object.keys(key)
  if (!store) throw misused(entity, 'stands in no transaction: leave it out of together()')
  if (paths.length === 0) throw misused(entity, 'needs a field to go by')
  if (paths.length === 1 && !leafAt(entity, paths[0]!).unique) throw misused(entity, `needs ${paths[0]} to be unique`)
  if (!isPlainObject(what) || !what.create || !what.change) throw misused(entity, 'takes { create, change }')
  const parts = paths.map((path) => partOf(entity, path, key[path]))
  if (parts.length > 1) await checkUnique(entity, store, paths)
  const { create, change } = what
  const has = (record: RecordOf<E>): boolean =>
    parts.every(({ leaf, value }) => keyValue(leaf, leafValue(record, leaf)) === keyValue(leaf, value))
  const rule = typeof change === 'function' ? change : () => change
  const where: Where = parts.length === 1 ? toWhere(parts[0]!) : { op: 'and', of: parts.map(toWhere) }
  const among = {
    where,
    order: [{ path: 'id', direction: 'asc' }],
    limit: 1,
  } as const
  let [conflict, elsewhere]: [Conflict | null, number] = [null, 0]
  for (let tries = 1; tries <= maxTries; tries++) {
    const [found] = await askOnly(store, ({ reader }) => reader.query(entity, { ...among, fields: allFields(entity) }))
    let isIt = true
    const updated =
      found &&
      (await writes.update(found.record.id, (record) => {
        isIt = has(record)
        return isIt ? rule(record) : null // another has the values by now, or nobody
      }))
    if (updated && isIt) return updated
    if (!found)
      try {
        return await writes.create({ ...create, ...key } as NewRecordOf<E>) // the paths are fields of it
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
        // Somebody was first, and may not be seen yet; or it is about another value alone, and nothing will be seen
        const isOther = !paths.every((path) => error.fields.includes(path))
        if (isOther && ++elsewhere === maxElsewhere) throw error
        conflict = error
      }
    await rested(tries)
  }
  throw conflict ?? new CrossfadeError('TRY_AGAIN', `Others were first ${maxTries} times; try again.`)
}
