import type { PostgresKind } from './postgres-kind.ts'

export const booleanKind: PostgresKind<boolean> = {
  type: 'boolean',
  cast: 'boolean',
  decode: (raw) => raw as boolean,
  encode: (value) => value,
}
