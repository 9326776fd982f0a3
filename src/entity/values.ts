import { inJson, isKindInJson } from '../codec/in-json.ts'
import { isPlainObject, own } from '../util/json.ts'
import type { Leaf } from './entity.ts'
import type { Members } from './lists.ts'

/** The value at a path of a record, or of an object in a list; null where an object on the way is null or missing. */
export function valueAt(record: Readonly<Record<string, unknown>>, keys: readonly string[]): unknown {
  let value: unknown = record
  for (const key of keys) {
    if (value === null || value === undefined) return null
    value = own(value, key)
  }
  return value ?? null
}

/** The value of a leaf; inside of json it is null where another kind's stands there, or a list on the way, as in stores. */
export function leafValue(record: Members, { keys, kind, inJson: steps }: Leaf): unknown {
  if (!steps) return valueAt(record, keys)
  let value = valueAt(record, keys.slice(0, -steps.length))
  for (const step of steps) {
    if (!isPlainObject(value) || !Object.hasOwn(value, step)) return null
    value = value[step]
  }
  return isKindInJson(kind) && inJson[kind](value) ? value : null
}
