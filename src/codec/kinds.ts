import { binaryKind } from './binary.ts'
import { booleanKind } from './boolean.ts'
import { compositeIdKind } from './composite-id.ts'
import { decimalKind } from './decimal.ts'
import { enumKind } from './enumeration.ts'
import { floatKind } from './float.ts'
import type { IdParts } from './id-part.ts'
import { intKind } from './int.ts'
import { jsonKind } from './json.ts'
import type { Kind } from './kind.ts'
import { longKind } from './long.ts'
import { longIdKind } from './long-id.ts'
import { objectIdKind } from './object-id.ts'
import { textKind } from './text.ts'
import { timestampKind } from './timestamp.ts'
import { uuidKind } from './uuid.ts'

/**
 * Every kind by name, but for `compositeId`, which its parts make. The stores' tables are of these names, so that a kind
 * without a twin does not compile.
 */
export const kinds = {
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
} as const

/** The name of a kind of value. `docs/mapping.md` says what each is in both stores. */
export type KindName = keyof typeof kinds | 'compositeId'

/** What decides of which kind values are: a leaf is one. The parts are those of `compositeId`, and null for other kinds. */
export interface OfKind {
  readonly kind: KindName
  readonly parts: IdParts | null
}

/** The kind with its value type forgotten, for code that walks mappings. */
export function kindOf({ kind, parts }: OfKind): Kind<unknown> {
  return kind === 'compositeId' ? compositeIdKind(parts!) : kinds[kind]
}
