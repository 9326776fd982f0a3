import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import pLimit from 'p-limit'
import { fingerprint } from '../compare/differences.ts'
import type { Entity } from '../entity/entity.ts'
import type { FieldSet } from '../entity/field-set.ts'
import type { Mismatch, ReadPlace, Seen } from '../stores/findings.ts'
import { awaitWithin, timedOut } from '../util/await-within.ts'
import { CrossfadeError } from '../util/errors.ts'
import { classify, type Open } from './classify.ts'
import type { Experiment, Question, Side } from './experiment.ts'
import { tookTooLong } from './latency.ts'
import { batched, type Owing } from './looks.ts'
import type { Finding, Outcome } from './outcome.ts'
import { Publisher } from './publisher.ts'
import { Recent } from './recent.ts'
import { Recheck } from './recheck.ts'
import { cut, cutText, errorText, shownError } from './redact.ts'
import { Statistics, type Verdict } from './statistics.ts'

export interface ShadowOptions extends Owing {
  /** Keeps what was seen: all of it or nothing. */
  readonly keep: (seen: Seen) => Promise<void>
  /** True for errors that tell of the store's state and nothing of the read: no connection, no answer in time. */
  readonly isOutage: (error: unknown) => boolean
  readonly log: (level: 'info' | 'warn', message: string, fields?: object) => void
  /** Called with every mismatch as it is found. */
  readonly onMismatch?: ((mismatch: Mismatch) => void) | undefined
  /** Candidate reads at a time; default 4. */
  readonly concurrency?: number
  /** Experiments that wait at most; past it reads are not compared. Default 500. */
  readonly queue?: number
  /** What one read of a comparison may take, in milliseconds; default 2,000. */
  readonly timeoutMs?: number
  /** Waits before each recheck, in milliseconds. */
  readonly recheckMs?: readonly number[]
  /** Comparisons that are rechecked at a time, and those that wait for it at most; default 2 and 200. */
  readonly rechecks?: number
  readonly recheckQueue?: number
}

class TimedOut extends Error {
  override readonly name = tookTooLong

  constructor() {
    super('no answer in time')
  }
}

/** One side of a comparison did not answer. */
class SideError extends Error {
  readonly side: Side

  constructor(side: Side, cause: unknown) {
    super(`The ${side} did not answer`, { cause })
    this.side = side
  }
}

interface Known {
  /** The type of the records in lists, and what was read of them; null where whole values are compared. */
  readonly entity: Entity | null
  readonly fields: FieldSet | null
  /** Findings of this comparison that were published. */
  readonly published: Set<string>
}

/**
 * Compares sampled reads with the other store, off the response path: nothing here is awaited by a reply, and no fault
 * of it reaches a caller.
 */
export class Shadow {
  readonly statistics = new Statistics()
  readonly #options: ShadowOptions
  readonly #owing: Owing
  readonly #timeoutMs: number
  readonly #publisher: Publisher
  readonly #recent = new Recent()
  readonly #limit: ReturnType<typeof pLimit>
  readonly #recheckLimit: ReturnType<typeof pLimit>
  readonly #rechecks = new Set<Promise<void>>()
  readonly #stopped = new AbortController()

  constructor(options: ShadowOptions) {
    this.#options = options
    this.#owing = batched(options)
    this.#timeoutMs = options.timeoutMs ?? 2_000
    this.#publisher = new Publisher(options)
    this.#limit = pLimit(options.concurrency ?? 4)
    this.#recheckLimit = pLimit(options.rechecks ?? 2)
  }

  /** Takes an experiment, or sheds it where the budget is used up. Returns at once. */
  offer(experiment: Experiment): void {
    const { type } = experiment
    const counts = this.statistics.of(type)
    counts.sampled++
    if (this.#stopped.signal.aborted || this.#limit.pendingCount >= (this.#options.queue ?? 500)) {
      counts.shed++
      this.#publisher.note().verdict(type, 'shed')
      return
    }
    void this.#limit(() => this.#run(experiment)).catch((error: unknown) => {
      this.#publisher.tell('fault', `A comparison failed and was left out: ${errorText(error)}`)
    })
  }

  /** Notes that a client's read, which would have been compared, was not answered by the store that was to answer it. */
  controlFailed(place: ReadPlace, error: unknown): void {
    if (!(error instanceof CrossfadeError)) this.#fail(place, error)
    else if (error.code === 'UNAVAILABLE') this.#fail(place, error.cause ?? error) // other codes are the client's turn
  }

  /** Resolves when everything that was taken has its verdict, and it was tried to keep what was seen. */
  async idle(): Promise<void> {
    while (this.#limit.activeCount + this.#limit.pendingCount > 0 || this.#rechecks.size > 0) {
      await Promise.all([...this.#rechecks])
      await sleep(10)
    }
    await this.#publisher.flush()
  }

  /** Takes nothing more, drops what waits, and keeps what was seen, within the time given in milliseconds. */
  async stop(ms = 1_000): Promise<void> {
    this.#stopped.abort()
    this.#limit.clearQueue()
    await this.#publisher.stop(ms)
  }

  async #run({ control: read, controlMs, ...question }: Experiment): Promise<void> {
    await turn() // the reply that is being made goes first
    const { type, resolver, stores } = question
    const began = performance.now()
    const place = (side: Side) => ({ type, resolver, store: stores[side] })
    const time = (ms: number): void => {
      this.#publisher.note().timing(place('control'), controlMs)
      this.#publisher.note().timing(place('candidate'), ms)
    }
    let candidate: Outcome
    try {
      candidate = await this.#within('candidate', question.candidate())
    } catch (error) {
      const ms = performance.now() - began
      // The server's limit is about ours: which of them ends the read is chance
      const isTooLong = ms >= this.#timeoutMs * 0.95 && this.#options.isOutage(cause(error))
      if (!isTooLong && !(cause(error) instanceof TimedOut)) return this.#candidateFailed(question, cause(error))
      // It counts with the time that it had: left out it would make the slower store look faster
      time(ms)
      return this.#candidateFailed(question, new TimedOut())
    }
    time(performance.now() - began)
    const control = read()
    const classified = await classify(control, candidate)
    const { decided, open } = this.#recent.decide(type, classified)
    const published = new Set<string>()
    this.#report(question, published, [...classified.decided, ...decided])
    const shape = control.is === 'records' ? control : null
    if (open.suspects.size + open.whole.size > 0) {
      const known = { entity: shape?.entity ?? null, fields: shape?.fields ?? null, published }
      return this.#recheckLater(question, known, open)
    }
    this.#count(question, shape?.fields ?? null, published.size > 0 ? 'diverged' : 'matched')
  }

  /** Only what is open is held while it waits, not the records that were read. */
  #recheckLater(question: Question, known: Known, open: Open): void {
    if (this.#rechecks.size >= (this.#options.recheckQueue ?? 200)) {
      this.#publisher.note().undecided(question.type, 'no room', open.suspects.size + open.whole.size)
      this.#count(question, null, known.published.size > 0 ? 'diverged' : 'indeterminate')
      return
    }
    const recheck = this.#recheck(question, known, open)
      .catch((error: unknown) => {
        if (!this.#stopped.signal.aborted) this.#publisher.tell('fault', `A recheck failed: ${errorText(error)}`)
      })
      .finally(() => this.#rechecks.delete(recheck))
    this.#rechecks.add(recheck)
  }

  async #recheck(question: Question, { entity, fields, published }: Known, open: Open): Promise<void> {
    const timed: Question = {
      ...question,
      candidate: () => this.#within('candidate', question.candidate()),
      again: () => this.#within('control', question.again()),
      records: (side, ids) => this.#within(side, question.records(side, ids)),
    }
    const recheck = new Recheck(timed, entity, this.#owing, this.#recent, open)
    const tell = (findings: readonly Finding[]): void => this.#report(question, published, findings)
    let unread = false
    for (const wait of this.#options.recheckMs ?? [200, 1_000, 3_000]) {
      await sleep(wait, undefined, { signal: this.#stopped.signal })
      try {
        await this.#recheckLimit(() => recheck.look(tell))
        unread = false
      } catch (error) {
        unread = true
        this.#lookFailed(question, error)
      }
      if (recheck.isOver) break
    }
    const undecided = recheck.undecided(unread)
    for (const { reason, count, oldest } of undecided)
      this.#publisher.note().undecided(question.type, reason, count, oldest)
    const isLag = undecided.every(({ reason }) => reason === 'owed')
    const verdict = published.size > 0 ? 'diverged' : isLag ? 'lag' : 'indeterminate'
    // What could not be decided was not compared
    this.#count(question, undecided.length === 0 ? fields : null, verdict)
  }

  async #within<T>(side: Side, work: Promise<T>): Promise<T> {
    try {
      const result = await awaitWithin(work, this.#timeoutMs)
      if (result === timedOut) throw new TimedOut()
      return result
    } catch (error) {
      throw new SideError(side, error)
    }
  }

  /** The candidate alone failed, on a read that the control answered. */
  #candidateFailed(question: Question, error: unknown): void {
    const { type, resolver, stores } = question
    if (this.#fail({ type, resolver, store: stores.candidate }, error) === 'outage') {
      this.statistics.of(type).outages++
      this.#publisher.note().verdict(type, 'outages')
      return
    }
    const { code, message } = shownError(error)
    this.#publish(question, {
      kind: 'error',
      path: code,
      id: null,
      control: null,
      candidate: { code, message },
      controlVersion: null,
      candidateVersion: null,
    })
    this.#count(question, null, 'failed')
  }

  /** What is open stays open: a look that failed says nothing of the candidate's answer, which is known. */
  #lookFailed({ type, resolver, stores }: Question, error: unknown): void {
    const store = error instanceof SideError ? stores[error.side] : 'looks'
    this.#publisher.tell(
      `look ${store} ${type}`,
      `${resolver} could not be looked at again: ${errorText(cause(error))}`,
    )
  }

  #fail(place: ReadPlace, error: unknown): 'error' | 'outage' {
    const kind = error instanceof TimedOut || this.#options.isOutage(error) ? 'outage' : 'error'
    const { code, message } = shownError(error)
    this.#publisher.note().failure(place, kind, code)
    const { type, resolver, store } = place
    this.#publisher.tell(`${kind} ${type} ${store} ${code}`, `${resolver} in ${store}: ${code}: ${message}`)
    return kind
  }

  #count({ type }: Question, covered: FieldSet | null, verdict: Verdict): void {
    const counts = this.statistics.of(type)
    counts.compared++
    counts[verdict]++
    this.#publisher.note().verdict(type, verdict)
    if (covered) this.statistics.cover(type, covered.paths)
  }

  /** Each once, however often a comparison meets it. */
  #report(question: Question, published: Set<string>, findings: readonly Finding[]): void {
    for (const finding of findings) {
      const { kind, path, id, control, candidate } = finding
      const key = JSON.stringify(id === null ? [kind, path, control, candidate] : [kind, path, id])
      if (published.has(key)) continue
      published.add(key)
      this.#publish(question, finding)
    }
  }

  #publish({ type, resolver, args }: Question, finding: Omit<Finding, 'kind'> & Pick<Mismatch, 'kind'>): void {
    const { kind, path, id, control, candidate, ...versions } = finding
    this.#publisher.mismatch({
      fingerprint: fingerprint(type, resolver, kind, path),
      type,
      resolver,
      kind,
      path,
      id: id === null ? null : cutText(String(id)),
      args: cut(args()),
      control: cut(control),
      candidate: cut(candidate),
      ...versions,
    })
  }
}

const cause = (error: unknown): unknown => (error instanceof SideError ? error.cause : error)
