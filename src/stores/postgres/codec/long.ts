import type { PostgresKind } from './postgres-kind.ts'

export const longKind: PostgresKind<bigint, string> = {
  type: 'bigint',
  cast: 'bigint',
  decode: (raw) => BigInt(raw),
  fromText: BigInt,
  encode: (value) => String(value),
}
