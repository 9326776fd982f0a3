import type { Document } from 'mongodb'

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
      else if (key in merged) rest.push({ [key]: condition })
      else merged[key] = condition
    }
  }
  return rest.length > 0 ? { ...merged, $and: rest } : merged
}
