import type { PostgresKind } from './postgres-kind.ts'

/** Collation "C" compares code points, as Mongo's simple collation does. */
export const textKind: PostgresKind<string, string> = {
  type: 'text collate "C"',
  cast: 'text',
  decode: (raw) => raw,
  encode: (value) => value,
}
