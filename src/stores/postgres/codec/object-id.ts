import type { PostgresKind } from './postgres-kind.ts'

/** 24 hex digits as text: readable in psql, and in the order of the bytes. */
export const objectIdKind: PostgresKind<string, string> = {
  type: 'text collate "C"',
  cast: 'text',
  among: { matching: '^[0-9a-f]{24}$' },
  decode: (raw) => raw,
  encode: (value) => value,
}
