import type { PostgresKind } from './postgres-kind.ts'

export const floatKind: PostgresKind<number> = {
  type: 'double precision',
  cast: 'double precision',
  decode: (raw) => raw as number,
  encode: (value) => value,
}
