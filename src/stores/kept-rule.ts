import type { Rule } from '../compare/rules.ts'

/** A rule as it is kept. */
export interface KeptRule extends Rule {
  /** 12 hex digits. */
  readonly name: string
  /** The group that it was made for. */
  readonly group: string
  readonly by: string
  readonly why: string
  readonly at: Date
  /** When it ends, by the store's clock. */
  readonly until: Date
  readonly isInForce: boolean
}
