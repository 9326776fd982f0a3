import { Binary, Decimal128 } from 'mongodb'
import { canonicalDecimal } from '../../codec/decimal.ts'
import type { Entity, Id } from '../../entity/entity.ts'
import { encodeId } from './codec/encode.ts'
import { objectOf } from './codec/object-of.ts'

/**
 * A stored id as text, by which documents are told apart in memory: equal for numbers that MongoDB takes for one key,
 * whatever their type.
 */
export function idText(raw: unknown): string {
  const object = objectOf(raw)
  if (object) return JSON.stringify(Object.entries(object).map(([name, part]) => [name, partText(part)]))
  if (raw instanceof Decimal128) return canonicalDecimal(raw.toString()) ?? raw.toString()
  // Large doubles would be written with zeros in the place of their last digits
  return typeof raw === 'number' && Number.isInteger(raw) ? String(BigInt(raw)) : String(raw)
}

/** Of a part, with its type where texts could say the same. */
function partText(part: unknown): string {
  if (typeof part === 'string') return JSON.stringify(part)
  if (part instanceof Binary) return `${part.sub_type} ${part.toString('hex')}`
  return part instanceof Date ? `at ${part.getTime()}` : idText(part)
}

/** The same of the document that a record has, or would have. */
export const idTextOf = (entity: Entity, id: Id): string => idText(encodeId(entity, id))
