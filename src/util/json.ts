/** A JSON value, as JSON.parse returns it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** True for an object literal or a parsed JSON object: no array, no class instance. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** What an object holds under a key. Any may be asked: a type that names fewer keys does not say that there are no others. */
export const memberOf = (object: object, key: string): unknown => (object as Readonly<Record<string, unknown>>)[key]

/** A member of an object's own: names like `constructor` are on every object. */
export const own = (object: object, key: string): unknown =>
  Object.hasOwn(object, key) ? memberOf(object, key) : undefined

/** JSON text that is equal for equal values: object keys are sorted at every level. */
export function stableStringify(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(stableStringify).join(',')}]`
  const members = Object.keys(value).sort()
  return `{${members.map((key) => `${JSON.stringify(key)}:${stableStringify(value[key] ?? null)}`).join(',')}}`
}
