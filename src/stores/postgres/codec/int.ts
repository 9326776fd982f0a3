import type { PostgresKind } from './postgres-kind.ts'

export const intKind: PostgresKind<number, number> = {
  type: 'integer',
  cast: 'integer',
  decode: (raw) => raw,
  encode: (value) => value,
}
