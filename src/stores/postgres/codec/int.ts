import type { PostgresKind } from './postgres-kind.ts'

export const intKind: PostgresKind<number> = {
  type: 'integer',
  cast: 'integer',
  decode: (raw) => raw as number,
  encode: (value) => value,
}
