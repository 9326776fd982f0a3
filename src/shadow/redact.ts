import { hidden } from '../compare/differences.ts'
import { isPlainObject, type Json } from '../util/json.ts'

const id = /^[0-9a-f]{24}$/i
const word = /^[A-Z][A-Z0-9_]*$/ // an enum value: a word of the schema, not of a person

/** Arguments as they may be shown: shapes, numbers, ids and enum values stay, all other text goes. */
export function redactArgs(value: unknown): Json {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return id.test(value) || word.test(value) ? value : hidden
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.slice(0, 100).map(redactArgs)
  if (isPlainObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, redactArgs(member)]))
  return hidden
}
