/** The value at a path of a record, or of an object in a list; null where an object on the way is null or missing. */
export function valueAt(record: Readonly<Record<string, unknown>>, keys: readonly string[]): unknown {
  let value: unknown = record
  for (const key of keys) {
    if (value === null || value === undefined) return null
    value = (value as Record<string, unknown>)[key]
  }
  return value ?? null
}
