import type { KindName } from '../../../codec/kinds.ts'
import type { IdKinds } from '../../../entity/entity.ts'
import type { StoredId } from '../stored.ts'
import { binaryKind } from './binary.ts'
import { booleanKind } from './boolean.ts'
import { decimalKind } from './decimal.ts'
import { enumKind } from './enumeration.ts'
import { floatKind } from './float.ts'
import { intKind } from './int.ts'
import { jsonKind } from './json.ts'
import { longKind } from './long.ts'
import { longIdKind } from './long-id.ts'
import type { MongoKind } from './mongo-kind.ts'
import { objectIdKind } from './object-id.ts'
import { textKind } from './text.ts'
import { timestampKind } from './timestamp.ts'
import { uuidKind } from './uuid.ts'

const table = {
  objectId: objectIdKind,
  text: textKind,
  int: intKind,
  float: floatKind,
  boolean: booleanKind,
  timestamp: timestampKind,
  json: jsonKind,
  decimal: decimalKind,
  long: longKind,
  longId: longIdKind,
  uuid: uuidKind,
  binary: binaryKind,
  enum: enumKind,
} satisfies Record<KindName, unknown>

export function mongoKind(name: KindName): MongoKind<unknown> {
  return table[name]
}

const idTable: { readonly [K in keyof IdKinds]: MongoKind<IdKinds[K], StoredId> } = table

export function mongoIdKind<K extends keyof IdKinds>(name: K): MongoKind<IdKinds[K], StoredId> {
  return idTable[name]
}
