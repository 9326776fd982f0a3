import { maxDepth } from '../../../codec/json.ts'
import { Refused } from '../../../codec/refused.ts'
import type { Json } from '../../../util/json.ts'
import type { Lost, MongoKind } from './mongo-kind.ts'
import { objectOf } from './object-of.ts'

// Without the value, which is kept as raw: issues are counted by their rule
const noForm = new Refused('has no JSON form')

/** Adds a member; an assignment to `__proto__` would change the prototype and lose it. */
const put = (object: object, key: string, value: Json): void => {
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true })
}

function decode(raw: unknown, depth: number, path: string, lost: Lost): Json | Refused {
  if (raw === null || raw === undefined) return null
  if (typeof raw === 'boolean') return raw
  if (typeof raw === 'string') return raw.includes('\0') ? noForm : raw
  if (typeof raw === 'number') return Number.isFinite(raw) ? raw + 0 : noForm
  if (depth > maxDepth) return noForm
  const part = (key: string, value: unknown): Json => {
    const name = key.includes('.') ? JSON.stringify(key) : key
    const inner = path === '' ? name : `${path}.${name}`
    const decoded = decode(value, depth + 1, inner, lost)
    if (!(decoded instanceof Refused)) return decoded
    lost(inner, decoded.rule, value)
    return null
  }
  if (Array.isArray(raw)) return raw.map((element: unknown, index) => part(String(index), element))
  const members = objectOf(raw)
  if (!members) return noForm
  const object: { [key: string]: Json } = {}
  for (const [key, member] of Object.entries(members)) put(object, key, part(key, member))
  return object
}

/** A part that has no JSON form is null, so that the rest is carried and can be asked for. */
export const jsonKind: MongoKind<Json> = {
  types: ['object', 'array', 'string', 'int', 'long', 'double', 'bool'],
  decode: (raw, lost = () => undefined) => decode(raw, 0, '', lost),
  encode: (value) => value,
  guard: null,
}
