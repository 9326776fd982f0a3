import { coveringRule, type DifferencePlace, type Rule, type RuleVerdict } from '../compare/rules.ts'
import { awaitWithin, timedOut } from '../util/await-within.ts'

/** What reading them may take; then the last ones known hold. */
const waitMs = 1_000

/**
 * The rules in force. They are asked for only where a difference has been found, and then once in a few seconds, however
 * many comparisons there are: stores that agree are asked for none.
 */
export class KnownRules {
  readonly #read: () => Promise<readonly Rule[]>
  readonly #keepMs: number
  #rules: readonly Rule[] = []
  #reading: Promise<void> | undefined
  #until = 0

  /** @param keepMs for so long what was read is taken for what is in force, in milliseconds. */
  constructor(read: () => Promise<readonly Rule[]>, keepMs = 3_000) {
    this.#read = read
    this.#keepMs = keepMs
  }

  /** Resolves once they are those of moments ago, or cannot be had; never rejects. */
  async refresh(): Promise<void> {
    if (performance.now() < this.#until) return
    this.#reading ??= this.#refresh().finally(() => {
      this.#reading = undefined
    })
    await this.#reading
  }

  /** What the rule that covers a difference says; null where none does. */
  verdictOf(place: DifferencePlace): RuleVerdict | null {
    return coveringRule(this.#rules, place)?.verdict ?? null
  }

  async #refresh(): Promise<void> {
    try {
      const found = await awaitWithin(this.#read(), waitMs)
      if (found !== timedOut) this.#rules = found
    } catch {
      // The store that keeps them is down, which is told by those that ask it for more
    }
    this.#until = performance.now() + this.#keepMs
  }
}
