import { setTimeout as sleep } from 'node:timers/promises'
import { changeShares } from '../control/change-shares.ts'
import type { Flag } from '../control/flag.ts'
import type { FinishOptions } from '../control/flag-commit.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { messageOf } from '../util/errors.ts'
import { otherOrigin } from '../util/origin.ts'
import { RollingCounts } from '../util/rolling-counts.ts'
import { Seldom } from '../util/seldom.ts'

/** What the reads that a share sends to the other store may fail; past both bounds they answer from the authority again. */
export interface ErrorBudget {
  /** More than this share of them, in percent, within the window. 100 takes nothing back. */
  readonly percent: number
  /** At least so many of them. */
  readonly errors: number
  /** In milliseconds. */
  readonly windowMs: number
}

/** Those that are not given have their defaults. */
export const errorBudgetOf = ({ percent = 1, errors = 10, windowMs = 600_000 }: Partial<ErrorBudget>): ErrorBudget => ({
  percent,
  errors,
  windowMs,
})

export interface ErrorBudgetOptions extends ErrorBudget {
  /** The instance that keeps it. */
  readonly by: string
  readonly change: FinishOptions
  readonly log: (level: 'warn', message: string) => void
  /** Between two attempts to tell all gateways, in milliseconds; default 1,000. */
  readonly retryMs?: number
}

interface Window {
  readonly revision: number
  readonly counts: RollingCounts
}

/** A budget that is spent, and when that is over: with this revision of the flag, as soon as it is known. */
interface Spent {
  readonly under: Flag
  readonly why: string
  over: number | null
}

/**
 * Counts, for each type, what fails of the reads that a share sends to the store that is moved to, or stays on in `live`.
 * Where the budget is spent they go to the store with authority, here at once and by the flag for all gateways; an
 * operator sets the share again. Writes, and authority, are not touched. Each gateway counts its own, anew with each
 * change of the flag.
 */
export class ErrorBudgets {
  readonly #options: ErrorBudgetOptions
  readonly #windows = new Map<string, Window>()
  readonly #spent = new Map<string, Spent>()
  readonly #seldom = new Seldom(60_000)
  readonly #stopped = new AbortController()

  constructor(options: ErrorBudgetOptions) {
    this.#options = options
  }

  /** Whether reads that the flag moves are to stay: its budget is spent, and it does not say so yet. */
  isSpent({ type, stage, readPercent, revision }: Flag): boolean {
    const spent = this.#spent.get(type)
    if (!spent) return false
    const { under, over } = spent
    if (under.stage === stage && under.readPercent === readPercent && (over === null || revision < over)) return true
    this.#spent.delete(type)
    return false
  }

  /** One of the reads that the flag moves; `failed` where the store that it was moved to could not answer. */
  note(flag: Flag, failed: boolean): void {
    const { type, revision } = flag
    let window = this.#windows.get(type)
    if (window?.revision !== revision) {
      window = { revision, counts: new RollingCounts(this.#options.windowMs) }
      this.#windows.set(type, window)
    }
    window.counts.add(failed)
    if (failed && !this.#spent.has(type)) this.#look(flag, window.counts)
  }

  #look(flag: Flag, counts: RollingCounts): void {
    const { percent, errors, windowMs, log } = this.#options
    const { total, failed } = counts.sum
    if (failed < errors || failed * 100 <= total * percent) return
    const { type, stage, readPercent } = flag
    const { reads } = STAGE_PLAN[stage]
    const what = `${failed} of ${total} reads that ${otherOrigin(reads)} was to answer failed within ${windowMs / 1_000} s`
    const why = `${what}; the budget is ${percent} %`
    const spent: Spent = { under: flag, why, over: null }
    this.#spent.set(type, spent)
    const remedy = `\`crossfade stage set ${type} --reads ${readPercent}\` sends them there again`
    log('warn', `${type}: ${why}. All its reads are answered by ${reads} now; ${remedy}.`)
    void this.#return(spent)
  }

  /** Until all gateways know, or the flag has become another. Never rejects. */
  async #return(spent: Spent): Promise<void> {
    const { by, change, log, retryMs = 1_000 } = this.#options
    const { under, why } = spent
    const { type, stage, readPercent } = under
    const returned = { at: new Date().toISOString(), by, why, readPercent }
    const isSame = (flag: Flag): boolean => flag.stage === stage && flag.readPercent === readPercent
    while (!this.#stopped.signal.aborted && this.#spent.get(type) === spent) {
      try {
        const shares = { readPercent: 0, returned }
        const now = await changeShares(change, type, (flag) => (isSame(flag) ? shares : null), { by, why })
        if (now) return void (spent.over = now.revision)
      } catch (error) {
        if (this.#seldom.due(type) !== null)
          log('warn', `${type}: other gateways could not be told yet that reads were taken back: ${messageOf(error)}`)
      }
      await sleep(retryMs, undefined, { ref: false })
    }
  }

  stop(): void {
    this.#stopped.abort()
  }
}
