import { coveringRule, type Rule } from '../compare/rules.ts'
import type { Entity } from '../entity/entity.ts'
import type { Unequal } from './settle-records.ts'

/**
 * What no rule covers of how a record differs; null where all is covered. Of one version alone: at two versions a write is
 * missing somewhere, whatever the values are, and no rule of a field says that it may be.
 */
export function uncovered(rules: readonly Rule[], { name: type }: Entity, found: Unequal): Unequal | null {
  const { kind, differences, versions } = found
  if (kind !== 'content' || versions[0] !== versions[1]) return found
  const left = differences.filter(
    ({ path }) => coveringRule(rules, { type, kind: 'divergence', path, resolver: null }) === null,
  )
  return left.length > 0 ? { ...found, differences: left } : null
}
