import type { Rec } from './entity.ts'

/** The value at a path of a record; null where an object on the way is null or missing. */
export function valueAt(record: Rec, keys: readonly string[]): unknown {
  let value: unknown = record
  for (const key of keys) {
    if (value === null || value === undefined) return null
    value = (value as Record<string, unknown>)[key]
  }
  return value ?? null
}
