import type { Document } from 'mongodb'
import type { Refused } from '../../../codec/refused.ts'
import type { Coercion } from './coercion.ts'

/** Told about a part of a value that could not be carried, with its path inside the value. */
export type Lost = (path: string, rule: string, raw: unknown) => void

/** How one kind is stored in a document: values `T` of records as `S`. */
export interface MongoKind<T, S = unknown> {
  /** BSON type aliases that hold a value of this kind as it is. */
  readonly types: readonly string[]
  /** Refused, with the rule, where the stored value is not faithful. Called for non-null values; `lost` is given where issues are kept. */
  decode(raw: unknown, lost?: Lost): T | Refused
  encode(value: T): S
  /**
   * An aggregation condition that holds for exactly those values of `types` that decode; null where all do. `value`
   * is an expression.
   */
  readonly guard: ((value: string) => Document) | null
  /** What values of other types mean; null where they mean nothing. */
  readonly coercion: Coercion<T> | null
}
