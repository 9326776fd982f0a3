import type { Json } from '../util/json.ts'

/**
 * A store-neutral kind of value. Each has a twin of the same name in `stores/mongo/codec` and in
 * `stores/postgres/codec`; a new kind is one file in each of the three folders.
 */
export interface Kind<T> {
  readonly name: string
  /** What queries may do with fields of this kind: nothing, ask for equal values, or compare and order as well. */
  readonly queries: 'none' | 'equality' | 'order'
  /** Takes an application's value (an argument, a patch, a new record); throws `CrossfadeError` BAD_USER_INPUT. */
  parse(value: unknown): T
  /** The canonical form: equal exactly where two values are the same to a client. Used by comparison and cursors. */
  toJson(value: T): Json
  /** One value for all that stores take for equal; default: each is equal to itself alone. */
  normalize?(value: T): T
  /** The order of two values, the same in both stores; of kinds that queries may order by. */
  compare?(a: T, b: T): number
  /** The inverse of `toJson`, for values that come back from a client in a cursor; throws BAD_USER_INPUT. */
  fromJson(json: Json): T
}
