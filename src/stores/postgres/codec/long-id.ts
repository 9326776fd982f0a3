import type { PostgresKind } from './postgres-kind.ts'

/** The driver returns a bigint as its digits, which are the id. */
export const longIdKind: PostgresKind<string, string> = {
  type: 'bigint',
  cast: 'bigint',
  decode: (raw) => raw,
  fromText: (text) => text,
  encode: (value) => value,
}
