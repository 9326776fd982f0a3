import type { Id, Leaf } from '../entity/entity.ts'
import type { Nulls } from '../entity/field.ts'

/** What a record must meet for a unique key to hold for it. `present`: one of the values is not null. */
export type KeyCondition =
  | { readonly op: 'present'; readonly leaves: readonly Leaf[] }
  | { readonly op: 'absent'; readonly leaf: Leaf }
  | { readonly op: 'eq' | 'lt' | 'lte' | 'gt' | 'gte'; readonly leaf: Leaf; readonly value: unknown }

/** A promise that no two records agree in all of these values. */
export interface UniqueKey {
  readonly leaves: readonly Leaf[]
  /** `one`: null counts like a value; `many`: a record that lacks one of the values agrees with no other. */
  readonly nulls: Nulls
  /** It holds among the records that meet all of them. */
  readonly among: readonly KeyCondition[]
  /** What makes the promise, for messages: `MongoDB's index phone_1`. */
  readonly because: string
}

/** A value that more records than one hold, with some of their ids. */
export interface Duplicates {
  readonly count: number
  readonly ids: readonly Id[]
}
