import type { PostgresKind } from './postgres-kind.ts'

/** 24 hex digits as text: readable in psql, and in the order of the bytes. */
export const objectIdKind: PostgresKind<string, string> = {
  type: 'text collate "C"',
  cast: 'text',
  decode: (raw) => raw,
  encode: (value) => value,
}
