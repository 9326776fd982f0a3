import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import pLimit from 'p-limit'
import type { Rule } from '../compare/rules.ts'
import type { Entity } from '../entity/entity.ts'
import { type Failure, isOutage } from '../stores/failure.ts'
import type { Mismatch, ReadPlace, Seen } from '../stores/findings.ts'
import { awaitWithin, timedOut } from '../util/await-within.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Origin } from '../util/origin.ts'
import { inLinkedSpan, noteInSpan } from '../util/trace.ts'
import { classify, type Open } from './classify.ts'
import type { ReadOf } from './coverage.ts'
import type { Experiment, Question, Side } from './experiment.ts'
import { FailedOver } from './failed-over.ts'
import { Found, type Published } from './found.ts'
import { KnownRules } from './known-rules.ts'
import { batched, type Owing } from './looks.ts'
import type { Finding, Outcome } from './outcome.ts'
import { Publisher } from './publisher.ts'
import { Recent } from './recent.ts'
import { Recheck } from './recheck.ts'
import { errorText, shownError } from './redact.ts'
import { Reporter } from './reporter.ts'
import { cause, SideError, TimedOut } from './side-error.ts'
import { Statistics, type Verdict } from './statistics.ts'

export interface ShadowOptions extends Owing {
  /** Keeps what was seen: all of it or nothing. */
  readonly keep: (seen: Seen) => Promise<unknown>
  /** Which differences are counted apart by now. */
  readonly rules: () => Promise<readonly Rule[]>
  /** What an error of a store means; null for one that is no store's. */
  readonly failureOf: (error: unknown) => Failure | null
  readonly log: (level: 'info' | 'warn', message: string, fields?: object) => void
  /** Called with every mismatch as it is found. */
  readonly onMismatch?: ((mismatch: Mismatch) => void) | undefined
  /** Candidate reads at a time; default 4. */
  readonly concurrency?: number
  /** Experiments that wait at most; past it reads are not compared. Default 500. */
  readonly queue?: number
  /** Bytes of records that they hold at most, those under way included. Default 64,000,000. */
  readonly queueBytes?: number
  /** What one read of a comparison may take, in milliseconds; default 2,000. */
  readonly timeoutMs?: number
  /** The share of comparisons in which the control is read twice and held against itself, in percent; default 5. */
  readonly repeatPercent?: number
  /** Waits before each recheck, in milliseconds. */
  readonly recheckMs?: readonly number[]
  /** Comparisons that are rechecked at a time, and those that wait for it at most; default 2 and 200. */
  readonly rechecks?: number
  readonly recheckQueue?: number
}

/** A client's read that would have been compared. */
interface ControlRead {
  readonly entity: Entity
  /** Of the flag that it was decided by. */
  readonly epoch: number
  readonly resolver: string
  /** The store that was to answer it. */
  readonly store: Origin
}

/** What is held of a comparison beside its question. */
interface Known {
  readonly found: Found
  /** The control showed a record, or a value: of nothing no field was compared. */
  readonly isOfSomething: boolean
}

const isOfSomething = (control: Outcome): boolean =>
  control.is === 'value' || [...control.lists.values()].some((list) => list.length > 0)

/** Why a store did not answer, as people read it: what the code means, where it is one of a store's. */
function reasonOf(error: unknown, failure: Failure | null, code: string): string {
  if (error instanceof FailedOver) return 'the other store answered'
  return failure === null || error instanceof TimedOut ? code : `${failure} (${code})`
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
  readonly #reporter: Reporter
  readonly #limit: ReturnType<typeof pLimit>
  readonly #recheckLimit: ReturnType<typeof pLimit>
  readonly #rechecks = new Set<Promise<void>>()
  readonly #stopped = new AbortController()
  #bytes = 0

  constructor(options: ShadowOptions) {
    this.#options = options
    this.#owing = batched(options)
    this.#timeoutMs = options.timeoutMs ?? 2_000
    this.#publisher = new Publisher(options)
    this.#reporter = new Reporter(this.#publisher, new KnownRules(options.rules))
    this.#limit = pLimit(options.concurrency ?? 4)
    this.#recheckLimit = pLimit(options.rechecks ?? 2)
  }

  /** Counts a client's read in a stage that compares, whether it is sampled or not. On the response path. */
  asked(of: ReadOf, epoch: number): void {
    this.#publisher.note().coverage.read(of, epoch)
  }

  /** Takes an experiment, or sheds it where the budget is used up. Returns at once. */
  offer(experiment: Experiment): void {
    const { entity, epoch, bytes } = experiment
    const counts = this.statistics.of(entity.name)
    counts.sampled++
    if (this.#stopped.signal.aborted || !this.#hasRoom(bytes)) {
      counts.shed++
      this.#publisher.note().verdict(entity, epoch, 'shed')
      return
    }
    this.#bytes += bytes
    void this.#limit(() => this.#traced(experiment))
      .catch((error: unknown) => {
        this.#publisher.tell('fault', `A comparison failed and was left out: ${errorText(error)}`)
      })
      .finally(() => {
        this.#bytes -= bytes
      })
  }

  /** Apart from the request, which has been answered, and linked to it. */
  #traced(experiment: Experiment): Promise<void> {
    const { entity, resolver, seenIn } = experiment
    if (!seenIn) return this.#run(experiment)
    const attributes = { 'crossfade.type': entity.name, 'crossfade.resolver': resolver }
    return inLinkedSpan(`compare ${entity.name}`, { attributes, link: seenIn }, () => this.#run(experiment))
  }

  #hasRoom(bytes: number): boolean {
    const { queue = 500, queueBytes = 64_000_000 } = this.#options
    return this.#limit.pendingCount < queue && this.#bytes + bytes <= queueBytes
  }

  /** Notes that a client's read, which would have been compared, was not answered by the store that was to answer it. */
  controlFailed({ entity, epoch, ...read }: ControlRead, error: unknown): void {
    if (error instanceof CrossfadeError && error.code !== 'UNAVAILABLE') return // it is the client's turn
    const why = error instanceof CrossfadeError ? (error.cause ?? error) : error
    if (this.#fail({ type: entity.name, ...read }, why) !== 'outage') return
    this.statistics.of(entity.name).sampled++
    this.#notAnswered(entity, epoch)
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
    const { entity, resolver, stores } = question
    const type = entity.name
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
      const isTooLong = ms >= this.#timeoutMs * 0.95 && isOutage(this.#options.failureOf(cause(error)))
      if (!isTooLong && !(cause(error) instanceof TimedOut)) return this.#candidateFailed(question, cause(error))
      // It counts with the time that it had: left out it would make the slower store look faster
      time(ms)
      return this.#candidateFailed(question, new TimedOut())
    }
    time(performance.now() - began)
    const control = read()
    const classified = await classify(control, candidate)
    const { decided, open } = this.#recent.decide(type, classified)
    await this.#repeat(question, control)
    const known: Known = { found: new Found(), isOfSomething: isOfSomething(control) }
    const findings = [...classified.decided, ...decided]
    if (findings.length > 0) await this.#reporter.ready()
    this.#reporter.report(question, known.found, findings)
    if (open.suspects.size + open.whole.size > 0) return this.#recheckLater(question, known, open)
    const { verdict } = known.found
    this.#count(question, verdict === 'matched' && !known.isOfSomething ? 'empty' : verdict)
    this.#cover(question, known)
  }

  /**
   * Now and then the control is asked the same again. Where it differs with itself, a difference with the other store means
   * nothing. Records tell at one version alone: a write in between is no flap.
   */
  async #repeat(question: Question, control: Outcome): Promise<void> {
    if (Math.random() * 100 >= (this.#options.repeatPercent ?? 5)) return
    try {
      const again = await this.#within('control', question.again())
      const { decided, whole } = await classify(control, again)
      const differing = new Set([...decided, ...whole.values()].map(({ path }) => path))
      this.#publisher.note().coverage.repeated(question, question.epoch, differing)
    } catch (error) {
      this.#lookFailed(question, error)
    }
  }

  /** Only what is open is held while it waits, not the records that were read. */
  #recheckLater(question: Question, known: Known, open: Open): void {
    noteInSpan('crossfade.verdict', 'open')
    if (this.#rechecks.size >= (this.#options.recheckQueue ?? 200)) {
      this.#publisher.note().undecided(question.entity.name, 'no room', open.suspects.size + open.whole.size)
      this.#count(question, known.found.isOpen ? 'diverged' : 'indeterminate')
      return
    }
    const recheck = this.#recheck(question, known, open)
      .catch((error: unknown) => {
        if (!this.#stopped.signal.aborted) this.#publisher.tell('fault', `A recheck failed: ${errorText(error)}`)
      })
      .finally(() => this.#rechecks.delete(recheck))
    this.#rechecks.add(recheck)
  }

  async #recheck(question: Question, known: Known, open: Open): Promise<void> {
    const timed: Question = {
      ...question,
      candidate: () => this.#within('candidate', question.candidate()),
      again: () => this.#within('control', question.again()),
      records: (side, ids) => this.#within(side, question.records(side, ids)),
    }
    const recheck = new Recheck(timed, this.#owing, this.#recent, open)
    const tell = (findings: readonly Finding[]): void => this.#reporter.report(question, known.found, findings)
    let unread = false
    for (const wait of this.#options.recheckMs ?? [200, 1_000, 3_000]) {
      await sleep(wait, undefined, { signal: this.#stopped.signal })
      try {
        await this.#recheckLimit(async () => {
          await this.#reporter.ready()
          await recheck.look(tell)
        })
        unread = false
      } catch (error) {
        unread = true
        this.#lookFailed(question, error)
      }
      if (recheck.isOver) break
    }
    const undecided = recheck.undecided(unread)
    for (const { reason, count, oldest } of undecided)
      this.#publisher.note().undecided(question.entity.name, reason, count, oldest)
    const { isOpen, verdict } = known.found
    const isLag = undecided.every(({ reason }) => reason === 'owed')
    // What was equal by the second look was on its way at the first
    const settled = verdict === 'matched' ? 'lag' : verdict
    const unsettled = isOpen ? 'diverged' : isLag ? 'lag' : 'indeterminate'
    this.#count(question, undecided.length === 0 ? settled : unsettled)
    // What could not be decided was not compared
    if (undecided.length === 0) this.#cover(question, known)
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
  async #candidateFailed(question: Question, error: unknown): Promise<void> {
    const { entity, epoch, resolver, stores } = question
    if (this.#fail({ type: entity.name, resolver, store: stores.candidate }, error) === 'outage') {
      this.#notAnswered(entity, epoch)
      return
    }
    await this.#reporter.ready()
    const { code, message } = shownError(error)
    const found = new Found()
    const refusal: Published = {
      kind: 'error',
      path: code,
      id: null,
      control: null,
      candidate: { code, message },
      controlVersion: null,
      candidateVersion: null,
    }
    this.#reporter.report(question, found, [refusal])
    this.#count(question, found.isOpen ? 'failed' : found.verdict)
  }

  /** What is open stays open: a look that failed says nothing of the candidate's answer, which is known. */
  #lookFailed({ entity, resolver, stores }: Question, error: unknown): void {
    const store = error instanceof SideError ? stores[error.side] : 'looks'
    this.#publisher.tell(
      `look ${store} ${entity.name}`,
      `${resolver} could not be looked at again: ${errorText(cause(error))}`,
    )
  }

  /** A sampled read that could not be compared, since a store was not there. */
  #notAnswered(entity: Entity, epoch: number): void {
    this.statistics.of(entity.name).outages++
    this.#publisher.note().verdict(entity, epoch, 'outages')
  }

  #fail(place: ReadPlace, error: unknown): 'error' | 'outage' {
    const failure = this.#options.failureOf(error)
    const kind = error instanceof TimedOut || error instanceof FailedOver || isOutage(failure) ? 'outage' : 'error'
    const { code, message } = shownError(error)
    this.#publisher.note().failure(place, kind, reasonOf(error, failure, code))
    const { type, resolver, store } = place
    this.#publisher.tell(`${kind} ${type} ${store} ${code}`, `${resolver} in ${store}: ${code}: ${message}`)
    return kind
  }

  #count({ entity, epoch }: Question, verdict: Verdict): void {
    noteInSpan('crossfade.verdict', verdict)
    const counts = this.statistics.of(entity.name)
    counts.compared++
    counts[verdict]++
    this.#publisher.note().verdict(entity, epoch, verdict)
  }

  #cover(question: Question, known: Known): void {
    if (known.isOfSomething) this.#publisher.note().coverage.compared(question, question.epoch, known.found.differing)
  }
}
