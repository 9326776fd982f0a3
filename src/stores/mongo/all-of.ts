import type { Document } from 'mongodb'
import { isPlainObject } from '../../util/json.ts'

const isOperators = (condition: unknown): condition is Document =>
  isPlainObject(condition) && Object.keys(condition)[0]?.startsWith('$') === true

/** Whether two conditions on a path can stand in one document, where an index bounds a range at both ends. */
const fit = (path: string, one: unknown, other: unknown): boolean =>
  !path.startsWith('$') && isOperators(one) && isOperators(other) && !Object.keys(other).some((name) => name in one)

/**
 * A filter that holds where all of the given ones do. Conditions on different keys are merged into one document; those
 * that share a key go under `$and`.
 * Stand-in (SecantusDB): it uses an index only for keys at the top level.
 */
export function allOf(...filters: readonly Document[]): Document {
  const merged: Document = {}
  const rest: Document[] = []
  for (const filter of filters) {
    for (const [key, condition] of Object.entries(filter)) {
      if (key === '$and') rest.push(...condition)
      else if (!(key in merged)) merged[key] = condition
      else if (fit(key, merged[key], condition)) merged[key] = { ...merged[key], ...condition }
      else rest.push({ [key]: condition })
    }
  }
  return rest.length > 0 ? { ...merged, $and: rest } : merged
}
