import { maxDepth } from '../../../codec/json.ts'
import { Refused } from '../../../codec/refused.ts'
import { isPlainObject, type Json } from '../../../util/json.ts'
import { fromExtended, toExtended } from './extended-json.ts'
import type { Lost, MongoKind } from './mongo-kind.ts'
import { objectOf } from './object-of.ts'

// Without the value, which is kept as raw: issues are counted by their rule
const noForm = new Refused('has no JSON form')

const named = (path: string, key: string): string =>
  (path === '' ? '' : `${path}.`) + (key.includes('.') ? JSON.stringify(key) : key)

/** Paths are made only where somebody asks what was lost. */
function decode(raw: unknown, depth: number, path: string, lost: Lost | undefined): Json | Refused {
  if (raw === null || raw === undefined) return null
  if (typeof raw === 'boolean') return raw
  if (typeof raw === 'string') return raw.includes('\0') ? noForm : raw
  if (typeof raw === 'number') return Number.isFinite(raw) ? raw + 0 : (toExtended(raw) ?? noForm)
  if (depth > maxDepth) return noForm
  const part = (key: string, value: unknown): Json => {
    const inner = lost ? named(path, key) : ''
    const decoded = decode(value, depth + 1, inner, lost)
    if (!(decoded instanceof Refused)) return decoded
    lost?.(inner, decoded.rule, value)
    return null
  }
  if (Array.isArray(raw)) return raw.map((element: unknown, index) => part(String(index), element))
  const members = objectOf(raw)
  if (!members) return toExtended(raw) ?? noForm
  // Not by assignment, which would lose a member called `__proto__`
  return Object.fromEntries(Object.entries(members).map(([key, member]) => [key, part(key, member)]))
}

function encode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(encode)
  if (!isPlainObject(value)) return value
  const bson = fromExtended(value)
  if (bson !== undefined) return bson
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, encode(each)]))
}

/**
 * A part that has no JSON form is null, so that the rest is carried and can be asked for. BSON values inside are
 * Extended JSON in records, both ways, so that a value which is read and written again keeps its types.
 */
export const jsonKind: MongoKind<Json> = {
  types: [
    'object',
    'array',
    'string',
    'int',
    'long',
    'double',
    'bool',
    'date',
    'objectId',
    'decimal',
    'binData',
    'regex',
    'timestamp',
    'minKey',
    'maxKey',
  ],
  decode: (raw, lost) => decode(raw, 0, '', lost),
  encode,
  guard: null,
  coercion: null,
}
