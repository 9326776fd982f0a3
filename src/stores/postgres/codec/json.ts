import type { Json } from '../../../util/json.ts'
import type { PostgresKind } from './postgres-kind.ts'

/** json and not jsonb, which would sort the keys: clients see them in their order. */
export const jsonKind: PostgresKind<Json, Json> = {
  type: 'json',
  cast: 'json',
  decode: (raw) => raw,
  encode: (value) => value,
}
