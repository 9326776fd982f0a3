import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import { fingerprint } from '../compare/differences.ts'
import { equalJson } from '../compare/equal-json.ts'
import type { Mismatch, MismatchKind } from '../stores/findings.ts'
import { awaitWithin, timedOut } from '../util/await-within.ts'
import { messageOf } from '../util/errors.ts'
import { classify, isDecided } from './classify.ts'
import type { Finding, Outcome } from './outcome.ts'
import { redactArgs } from './redact.ts'
import { Statistics } from './statistics.ts'

/** One sampled read. Knows no database: what to run comes as functions. */
export interface Experiment {
  readonly type: string
  /** `Query.movies`, `Movie.comments`: where the contract reads it. */
  readonly resolver: string
  readonly args: unknown
  /** What answered the client. */
  readonly control: Outcome
  readonly candidate: () => Promise<Outcome>
  /** Reads the control again, for what has no version. */
  readonly again: () => Promise<Outcome>
  /** Types whose records are part of the result. */
  readonly types: readonly string[]
}

export interface ShadowOptions {
  /** True while the mirror is owed a write of the type. */
  readonly pending: (type: string) => Promise<boolean>
  readonly publish: (mismatches: readonly Mismatch[]) => Promise<void>
  readonly log: (level: 'info' | 'warn', message: string, fields?: object) => void
  /** Candidate reads at a time; default 4. */
  readonly concurrency?: number
  /** Experiments that wait at most; past it reads are not compared. Default 500. */
  readonly queue?: number
  /** What one candidate read may take, in milliseconds; default 2,000. */
  readonly timeoutMs?: number
  /** Waits before each recheck, in milliseconds. */
  readonly recheckMs?: readonly number[]
}

type Published = Omit<Finding, 'kind'> & { readonly kind: MismatchKind }

const nothingRead = { path: '', id: null, control: null, candidate: null, controlVersion: null, candidateVersion: null }

type Verdict = 'matched' | 'lag' | 'indeterminate' | 'diverged' | 'failed'

/**
 * Compares sampled reads with the other store, off the response path: nothing here is awaited by a reply, and no fault
 * of it reaches a caller.
 */
export class Shadow {
  readonly statistics = new Statistics()
  readonly #options: ShadowOptions
  readonly #limit: ReturnType<typeof pLimit>
  readonly #rechecks = new Set<Promise<void>>()
  #stopped = new AbortController()

  constructor(options: ShadowOptions) {
    this.#options = options
    this.#limit = pLimit(options.concurrency ?? 4)
  }

  /** Takes an experiment, or sheds it where the budget is used up. Returns at once. */
  offer(experiment: Experiment): void {
    const counts = this.statistics.of(experiment.type)
    counts.sampled++
    const room = this.#options.queue ?? 500
    if (this.#stopped.signal.aborted || this.#limit.pendingCount >= room || this.#rechecks.size >= room) {
      counts.shed++
      return
    }
    void this.#limit(() => this.#run(experiment)).catch((error: unknown) => {
      this.#options.log('warn', `A comparison failed and was left out: ${messageOf(error)}`)
    })
  }

  /** Resolves when everything that was taken has its verdict. */
  async idle(): Promise<void> {
    while (this.#limit.activeCount + this.#limit.pendingCount > 0 || this.#rechecks.size > 0) {
      await Promise.all([...this.#rechecks])
      await sleep(10)
    }
  }

  /** Takes nothing more and drops what waits. */
  stop(): void {
    this.#stopped.abort()
    this.#limit.clearQueue()
  }

  async #candidate(experiment: Experiment): Promise<Outcome> {
    const outcome = await awaitWithin(experiment.candidate(), this.#options.timeoutMs ?? 2_000)
    if (outcome === timedOut) throw timedOut
    return outcome
  }

  async #run(experiment: Experiment): Promise<void> {
    let candidate: Outcome
    try {
      candidate = await this.#candidate(experiment)
    } catch (error) {
      return this.#fail(experiment, error)
    }
    const findings = classify(experiment.control, candidate)
    if (findings.length === 0) return this.#count(experiment, 'matched')
    if (findings.every(isDecided)) {
      await this.#report(experiment, findings)
      return this.#count(experiment, 'diverged')
    }
    const recheck = this.#recheck(experiment)
      .catch((error: unknown) => this.#options.log('warn', `A recheck failed: ${messageOf(error)}`))
      .finally(() => this.#rechecks.delete(recheck))
    this.#rechecks.add(recheck)
  }

  /** Waits for writes on their way, then reads both sides anew; outside the limit while it sleeps. */
  async #recheck(experiment: Experiment): Promise<void> {
    let previous = experiment.control
    let sawLag = false
    for (const wait of this.#options.recheckMs ?? [200, 1_000, 3_000]) {
      await sleep(wait, undefined, { signal: this.#stopped.signal })
      const quietBefore = !(await this.#anyPending(experiment.types))
      let control: Outcome
      let candidate: Outcome
      let last: Outcome
      try {
        control = await experiment.again()
        candidate = await this.#limit(() => this.#candidate(experiment))
        last = await experiment.again()
      } catch (error) {
        return this.#fail(experiment, error)
      }
      const quiet = quietBefore && !(await this.#anyPending(experiment.types))
      const findings = classify(control, candidate)
      if (findings.length === 0) return this.#count(experiment, 'lag')
      const decided = findings.filter(isDecided)
      if (decided.length === findings.length) {
        await this.#report(experiment, decided)
        return this.#count(experiment, 'diverged')
      }
      const steady = quiet && unchanged(control, last) && unchanged(previous, control)
      if (steady && findings.every(({ kind }) => kind !== 'lag')) {
        await this.#report(experiment, findings)
        return this.#count(experiment, 'diverged')
      }
      sawLag = !quiet
      previous = last
    }
    this.#count(experiment, sawLag ? 'lag' : 'indeterminate')
  }

  async #anyPending(types: readonly string[]): Promise<boolean> {
    for (const type of types) if (await this.#options.pending(type)) return true
    return false
  }

  async #fail(experiment: Experiment, error: unknown): Promise<void> {
    const kind: MismatchKind = error === timedOut ? 'timeout' : 'error'
    this.#count(experiment, 'failed')
    this.#options.log(
      'warn',
      `Candidate read ${experiment.resolver}: ${error === timedOut ? 'timeout' : messageOf(error)}`,
    )
    await this.#publish([this.#mismatch(experiment, { ...nothingRead, kind })])
  }

  #count(experiment: Experiment, verdict: Verdict): void {
    const counts = this.statistics.of(experiment.type)
    counts.compared++
    counts[verdict]++
    if (experiment.control.is === 'records') this.statistics.cover(experiment.type, experiment.control.fields.paths)
  }

  #mismatch({ type, resolver, args }: Experiment, finding: Published): Mismatch {
    const { kind, path, id, ...values } = finding
    const print = fingerprint(type, resolver, kind, path)
    return {
      fingerprint: print,
      type,
      resolver,
      kind,
      path,
      id: id === null ? null : String(id),
      args: redactArgs(args),
      ...values,
    }
  }

  async #report(experiment: Experiment, findings: readonly Finding[]): Promise<void> {
    const published = findings.filter((finding): finding is Finding & Published => finding.kind !== 'lag')
    await this.#publish(published.map((finding) => this.#mismatch(experiment, finding)))
  }

  async #publish(mismatches: readonly Mismatch[]): Promise<void> {
    try {
      await this.#options.publish(mismatches)
    } catch (error) {
      this.#options.log('warn', `Mismatches could not be kept: ${messageOf(error)}`, { mismatches })
    }
  }
}

function unchanged(a: Outcome, b: Outcome): boolean {
  if (a.is === 'value' || b.is === 'value') return a.is === 'value' && b.is === 'value' && equalJson(a.value, b.value)
  return classify(a, b).length === 0
}
