import type { PostgresKind } from './postgres-kind.ts'

export const longKind: PostgresKind<bigint> = {
  type: 'bigint',
  cast: 'bigint',
  decode: (raw) => BigInt(raw as string),
  fromText: BigInt,
  encode: (value) => String(value),
}
