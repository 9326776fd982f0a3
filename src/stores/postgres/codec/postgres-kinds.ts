import type { KindName } from '../../../codec/kinds.ts'
import { binaryKind } from './binary.ts'
import { booleanKind } from './boolean.ts'
import { compositeIdKind } from './composite-id.ts'
import { decimalKind } from './decimal.ts'
import { enumKind } from './enumeration.ts'
import { floatKind } from './float.ts'
import { intKind } from './int.ts'
import { jsonKind } from './json.ts'
import { longKind } from './long.ts'
import { longIdKind } from './long-id.ts'
import { objectIdKind } from './object-id.ts'
import type { PostgresKind } from './postgres-kind.ts'
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
  compositeId: compositeIdKind,
  uuid: uuidKind,
  binary: binaryKind,
  enum: enumKind,
} satisfies Record<KindName, unknown>

/** The kind with its types forgotten, for code that walks mappings and rows: a column holds what its kind encodes. */
interface AnyKind extends PostgresKind<unknown, unknown> {
  fromText?(text: unknown): unknown
}

export function postgresKind(name: KindName): AnyKind {
  return table[name]
}
