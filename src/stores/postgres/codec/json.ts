import type { Json } from '../../../util/json.ts'
import type { PostgresKind } from './postgres-kind.ts'

export const jsonKind: PostgresKind<Json> = {
  type: 'jsonb',
  cast: 'jsonb',
  decode: (raw) => raw as Json,
  encode: (value) => value,
}
