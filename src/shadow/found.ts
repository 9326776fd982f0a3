import type { MismatchKind } from '../compare/mismatch-kind.ts'
import type { RuleVerdict } from '../compare/rules.ts'
import type { Finding } from './outcome.ts'

/** What a comparison published: a finding, or that the candidate refused. */
export type Published = Omit<Finding, 'kind'> & { readonly kind: MismatchKind }

/** Kinds that say of the records themselves that they differ, and so of all of their fields. */
const isOfRecords: Readonly<Record<MismatchKind, boolean>> = {
  divergence: false,
  order: false,
  version: true,
  missing: true,
  extra: true,
  error: true,
}

/** What one comparison has found so far, each difference once. */
export class Found {
  readonly #keys = new Set<string>()
  readonly #verdicts = new Set<RuleVerdict | null>()
  readonly #paths = new Set<string>()
  #isOfRecords = false

  /** @param verdict of the rule that covers it. @returns false where it was known. */
  add({ kind, path, id, control, candidate }: Published, verdict: RuleVerdict | null): boolean {
    const key = JSON.stringify(id === null ? [kind, path, control, candidate] : [kind, path, id])
    if (this.#keys.has(key)) return false
    this.#keys.add(key)
    this.#verdicts.add(verdict)
    if (kind === 'divergence') this.#paths.add(path)
    this.#isOfRecords ||= isOfRecords[kind]
    return true
  }

  /** Something that no rule covers: whatever else is undecided, the stores differ. */
  get isOpen(): boolean {
    return this.#verdicts.has(null)
  }

  /** Where it was decided throughout. */
  get verdict(): 'matched' | 'diverged' | RuleVerdict {
    if (this.isOpen) return 'diverged'
    if (this.#verdicts.has('accepted')) return 'accepted'
    return this.#verdicts.has('noise') ? 'noise' : 'matched'
  }

  /** The fields that differ; null where the records themselves do. */
  get differing(): ReadonlySet<string> | null {
    return this.#isOfRecords ? null : this.#paths
  }
}
