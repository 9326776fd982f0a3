import type { PostgresKind } from './postgres-kind.ts'

export const uuidKind: PostgresKind<string, string> = {
  type: 'uuid',
  cast: 'uuid',
  decode: (raw) => raw,
  encode: (value) => value,
}
