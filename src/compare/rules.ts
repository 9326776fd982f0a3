import type { MismatchKind } from './mismatch-kind.ts'

/** What somebody has said of differences that may stay: they are `accepted` as they are, or `noise` that means nothing. */
export type RuleVerdict = 'accepted' | 'noise'

/** Where two stores differ. */
export interface DifferencePlace {
  readonly type: string
  readonly kind: MismatchKind
  /** Record path, or empty where the whole record or result is meant; of an error its code. */
  readonly path: string
  /** What read it; null where whole records are compared, as by `verify`. */
  readonly resolver: string | null
}

/** Differences that are counted apart, since somebody has judged them. */
export interface Rule extends DifferencePlace {
  /** Null: wherever the type is read, and for `verify`. */
  readonly resolver: string | null
  readonly verdict: RuleVerdict
}

/**
 * The rule that covers a difference; one of its own resolver before one of all. Null where there is none. Every
 * comparison asks this one: what shadow reads find, what `verify` finds, and which groups are open.
 */
export function coveringRule<R extends Rule>(rules: readonly R[], place: DifferencePlace): R | null {
  const { type, kind, path, resolver } = place
  const found = rules.filter((rule) => rule.type === type && rule.kind === kind && rule.path === path)
  return (
    found.find((rule) => rule.resolver !== null && rule.resolver === resolver) ??
    found.find((rule) => rule.resolver === null) ??
    null
  )
}

/**
 * Whether a rule may hold wherever the type is read. The value of a field is the same for all who read it; a record that
 * is missing, an order, a count or an error would take too much else with it, and is judged where it was found.
 */
export const isOfField = ({ kind, path }: Pick<DifferencePlace, 'kind' | 'path'>): boolean =>
  kind === 'divergence' && path !== ''
