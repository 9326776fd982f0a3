import type { KindName } from '../../../codec/kinds.ts'
import { booleanKind } from './boolean.ts'
import { floatKind } from './float.ts'
import { intKind } from './int.ts'
import { jsonKind } from './json.ts'
import { objectIdKind } from './object-id.ts'
import type { PostgresKind } from './postgres-kind.ts'
import { textKind } from './text.ts'
import { timestampKind } from './timestamp.ts'

const table = {
  objectId: objectIdKind,
  text: textKind,
  int: intKind,
  float: floatKind,
  boolean: booleanKind,
  timestamp: timestampKind,
  json: jsonKind,
} satisfies Record<KindName, unknown>

export function postgresKind(name: KindName): PostgresKind<unknown> {
  return table[name] as PostgresKind<unknown>
}
