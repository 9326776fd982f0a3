import type { PostgresKind } from './postgres-kind.ts'

export const booleanKind: PostgresKind<boolean, boolean> = {
  type: 'boolean',
  cast: 'boolean',
  decode: (raw) => raw,
  encode: (value) => value,
}
