import type { Entity } from '../entity/entity.ts'
import type { NumberKind, OrderedKind, OrderPathOf, ScalarPathIn, ValueAt } from '../entity/path.ts'
import type { Aggregate } from './aggregate.ts'
import type { Direction } from './order.ts'
import type { WhereOf } from './where.ts'

/** Postgres has no least boolean or UUID. */
type ExtremeKind = Exclude<OrderedKind, 'boolean' | 'uuid'>

/** What is computed for a group, see `Measure`. */
type MeasureOf<E extends Entity> =
  | { readonly op: 'count' }
  | { readonly op: 'sum' | 'avg'; readonly path: ScalarPathIn<E['fields'], NumberKind> }
  | { readonly op: 'min' | 'max'; readonly path: 'id' | ScalarPathIn<E['fields'], ExtremeKind> }

/**
 * A question about groups of an entity's records. Null values are left out of measures; of nothing but nulls the sum,
 * average, least and greatest are null.
 *
 * ```ts
 * { by: ['rated'], measures: { movies: { op: 'count' }, mean: { op: 'avg', path: 'imdb.rating' } }, limit: 10 }
 * ```
 */
export interface AggregateOf<E extends Entity> extends Pick<Aggregate, 'limit'> {
  /** Default: all records. */
  readonly where?: WhereOf<E['fields']>
  /** Those as well that the mapping's `defaultScope` leaves out. Default: without them. */
  readonly unscoped?: boolean
  /** Paths whose values make the groups, null among them; with none all records are one group. */
  readonly by: readonly OrderPathOf<E>[]
  /** What is computed for each group, by names of your choice. None: the distinct values of `by`. */
  readonly measures: Readonly<Record<string, MeasureOf<E>>>
  /** Conditions on counts, sums and averages that must all hold; values are decimals, as text. */
  readonly having?: Aggregate['having']
  /** Names of measures, or paths of `by`; ties go by the groups' values, ascending. */
  readonly order?: readonly { readonly key: string; readonly direction: Direction }[]
}

type Measured<E extends Entity, M> = M extends { readonly op: 'count' }
  ? number
  : M extends { readonly op: 'sum' }
    ? string | null
    : M extends { readonly op: 'avg' }
      ? number | null
      : M extends { readonly path: infer P extends string }
        ? ValueAt<E, P> | null
        : never

/** By the places of `by`; the paths are a type parameter of their own so that a tuple stays one. */
type ValuesAt<E extends Entity, P extends readonly string[]> = { readonly [I in keyof P]: ValueAt<E, P[I]> | null }

/** One group: counts are numbers, sums decimals as text, averages doubles, least and greatest values of the field's kind. */
export interface GroupOf<E extends Entity, A extends AggregateOf<E>> {
  readonly by: ValuesAt<E, A['by']>
  readonly measures: { readonly [N in keyof A['measures']]: Measured<E, A['measures'][N]> }
}
