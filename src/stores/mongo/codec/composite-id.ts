import type { Document } from 'mongodb'
import { packId, unpackId } from '../../../codec/composite-id.ts'
import type { IdParts, PartKind } from '../../../codec/id-part.ts'
import { maxInt, minInt } from '../../../codec/int.ts'
import { Refused } from '../../../codec/refused.ts'
import { onceFor } from '../../../util/once-for.ts'
import { intKind } from './int.ts'
import { longKind } from './long.ts'
import { longIdKind } from './long-id.ts'
import type { MongoKind } from './mongo-kind.ts'
import { objectIdKind } from './object-id.ts'
import { objectOf } from './object-of.ts'
import { textKind } from './text.ts'
import { timestampKind } from './timestamp.ts'
import { uuidKind } from './uuid.ts'

/** Numbers of all types, decimals as well: MongoDB takes those of one value for one key. */
function wholes<T>(kind: MongoKind<T>, of: (digits: string) => T | Refused): MongoKind<T> {
  const decode = (raw: unknown): T | Refused => {
    const digits = longIdKind.decode(raw)
    return digits instanceof Refused ? digits : of(digits)
  }
  return { ...kind, types: longIdKind.types, decode }
}

function intOf(digits: string): number | Refused {
  const number = Number(digits)
  return number >= minInt && number <= maxInt ? number : new Refused('is past 32 bits')
}

/** How each part is stored, and none of them otherwise: what another value means would be another key. */
export const partKinds: Readonly<Record<PartKind, MongoKind<unknown>>> = {
  text: { ...textKind, coercion: null },
  int: { ...wholes(intKind, intOf), coercion: null },
  long: { ...wholes(longKind, BigInt), guard: longIdKind.guard },
  uuid: uuidKind,
  objectId: { ...objectIdKind, coercion: null },
  timestamp: timestampKind,
}

function decode(parts: IdParts, raw: unknown): string | Refused {
  const object = objectOf(raw)
  const names = Object.keys(parts)
  if (!object || Object.keys(object).join('\0') !== names.join('\0'))
    return new Refused(`is no object of the members ${names.join(', ')}, in this order`)
  const values: Record<string, unknown> = {}
  for (const [name, kind] of Object.entries(parts)) {
    const value = partKinds[kind].decode(object[name])
    if (value instanceof Refused) return new Refused(`has a ${name} that ${value.rule}`)
    values[name] = value
  }
  return packId(parts, values)
}

/** True where the types of the members are right, and what they hold as well; an expression may fail on other types. */
function partGuard(kind: PartKind, value: string): Document {
  const { types, guard } = partKinds[kind]
  const ofType = { $in: [{ $type: value }, types] }
  return guard ? { $cond: [ofType, guard(value), false] } : ofType
}

function guard(parts: IdParts, value: string): Document {
  const names = { $map: { input: { $objectToArray: value }, as: 'm', in: '$$m.k' } }
  const members = Object.entries(parts).map(([name, kind]) => partGuard(kind, `${value}.${name}`))
  return { $and: [{ $eq: [names, { $literal: Object.keys(parts) }] }, ...members] }
}

function encode(parts: IdParts, id: string): Document {
  const values = Object.entries(unpackId(parts, id))
  return Object.fromEntries(values.map(([name, value]) => [name, partKinds[parts[name]!].encode(value)]))
}

/**
 * An object of the parts alone, in their order: to MongoDB another order of the same members is another key. Compared
 * member by member.
 * Source: MongoDB manual, "Comparison/Sort Order", "Objects"
 */
export const compositeIdKind = onceFor(
  (parts: IdParts): MongoKind<string, Document> => ({
    types: ['object'],
    decode: (raw) => decode(parts, raw),
    encode: (id) => encode(parts, id),
    guard: (value) => guard(parts, value),
    coercion: null,
  }),
)
