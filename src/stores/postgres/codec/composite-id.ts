import type { PostgresKind } from './postgres-kind.ts'

/** Hex digits as text, in the order of the bytes, and so of the parts. */
export const compositeIdKind: PostgresKind<string, string> = {
  type: 'text collate "C"',
  cast: 'text',
  among: { matching: '^([0-9a-f]{2})+$' },
  decode: (raw) => raw,
  encode: (value) => value,
}
