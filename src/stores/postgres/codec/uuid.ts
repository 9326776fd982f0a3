import type { PostgresKind } from './postgres-kind.ts'

export const uuidKind: PostgresKind<string> = {
  type: 'uuid',
  cast: 'uuid',
  decode: (raw) => raw as string,
  encode: (value) => value,
}
