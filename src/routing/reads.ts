import type { Flag } from '../control/flag.ts'
import { times } from '../control/times.ts'
import type { Entity } from '../entity/entity.ts'
import { allFields } from '../entity/field-set.ts'
import type { Outcome } from '../shadow/outcome.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { type Failure, StoreSilent, spendsBudget, troubleOfRead } from '../stores/failure.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Json } from '../util/json.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { Turns } from '../util/turns.ts'
import { candidateOf, type Decision, decide } from './decide.ts'
import { askInstead, askOnly, mayFailOver } from './fail-over.ts'
import { RequestBounds } from './request-bounds.ts'
import type { ReadSource, Routing } from './routing.ts'

/** The mirror answers reads only while its oldest owed write is younger than this, in milliseconds. */
export const freshnessMs = 1_000

/** Reads of clients that a store is asked at a time, those that wait for a connection included. */
const maxReadsUnderWay = 1_000

/** Reads of one request that a store is asked at a time; the others wait for their turn: no request takes it from all. */
const maxAtOnce = 20

/** What a probe of a store may take, in milliseconds. */
const probeMs = 2_000

/** Why a store was not asked that was decided on. */
const failsOften = new Error('again and again')

/** The other store answers; there is nothing to compare it with. */
const instead = ({ reads }: Decision): Decision => ({ reads: otherOrigin(reads), candidate: null, samplePercent: 0 })

/** Stands behind the name of the store that was to answer. */
const failedOverTo = (origin: Origin): CrossfadeError =>
  new CrossfadeError('UNAVAILABLE', `${origin} answered in its place, so nothing was compared.`)

/** One routed read: the same question to either store. */
export interface Read<T> {
  readonly entity: Entity
  /**
   * What it returns is handed out by a loader, which counts it for each parent: a record that was read once may stand in
   * the answer a million times.
   */
  readonly isShared?: true
  /** Other types whose records the result depends on. */
  readonly also?: readonly Entity[]
  readonly resolver: string
  /** As they may be shown, see `shadow/redact`; asked for only where something is to be told. */
  readonly args: () => Json
  /** The signal ends what is asked for a client; nothing ends what is asked to compare but its own limits. */
  readonly ask: (source: ReadSource, signal?: AbortSignal) => Promise<T>
  /** The result in comparable form. */
  readonly outcome: (result: T) => Outcome
}

interface Answer<T> {
  readonly result: T
  readonly origin: Origin
}

/** Where the reads of one type go in one request. */
interface Choice {
  decision: Decision
  /** A read of the type was answered: no other store may answer any more, or one response would mix two. */
  isFinal: boolean
  /** The store that was decided on first. */
  readonly decided: Origin
  /** The authority alone may answer: it was written in this request, or the kill switch is on. */
  readonly isAlone: boolean
  /** The flag whose share has moved the subject to the other store; null where it has not. */
  readonly movedBy: Flag | null
}

/** What those who load ask of a request's reads, and whoever answers it. */
export type RequestReads = Pick<Reads, 'run' | 'handOut' | 'stale'>

/** Reads of one request: one decision per type, kept to the end, a fail-over included. */
export class Reads {
  readonly #routing: Routing
  readonly #subject: () => string
  readonly #fromAuthority: boolean
  readonly #signal: AbortSignal | undefined
  readonly #choices = new Map<string, Choice>()
  readonly #ends: Partial<Record<Origin, AbortController>> = {}
  readonly #bounds: RequestBounds
  readonly #turns = new Turns(maxAtOnce)
  /**
   * Types of which a fail-over has answered with an older state than the mirror's bound allows, each with the time up to
   * which it has every acknowledged write, by this host's clock; null where nobody knows.
   */
  readonly stale = new Map<string, Date | null>()

  /**
   * @param fromAuthority the payload of a mutation reads what was written, and is not compared.
   * @param signal ends what is asked: the client has left, or the request's time is over.
   */
  constructor(routing: Routing, subject: () => string, fromAuthority: boolean, signal?: AbortSignal) {
    this.#routing = routing
    this.#subject = subject
    this.#fromAuthority = fromAuthority
    this.#signal = signal
    this.#bounds = new RequestBounds(routing.limits)
  }

  decision(type: string): Decision {
    return this.#choice(type).decision
  }

  #choice(type: string): Choice {
    let choice = this.#choices.get(type)
    if (!choice) this.#choices.set(type, (choice = this.#choose(type)))
    return choice
  }

  #choose(type: string): Choice {
    const { flags, killSwitch } = this.#routing
    const flag = flags.get(type)
    if (this.#fromAuthority || killSwitch.isOn(type)) {
      const { authority } = STAGE_PLAN[flag.stage]
      const decision = { reads: authority, candidate: null, samplePercent: 0 }
      return { decision, isFinal: false, decided: authority, isAlone: true, movedBy: null }
    }
    const decided = this.#decide(type, flag)
    const decision = this.#avoids(type, flag, decided.reads) ? instead(decided) : decided
    const movedBy = decided.reads === STAGE_PLAN[flag.stage].reads ? null : flag
    return { decision, isFinal: false, decided: decided.reads, isAlone: false, movedBy }
  }

  /** Whether reads of the type go to the other store at once, since this one fails them again and again. */
  #avoids(type: string, flag: Flag, origin: Origin): boolean {
    const { flags, breakers } = this.#routing
    const other = otherOrigin(origin)
    if (candidateOf(flag) === null || !breakers.isOpen(type, origin)) return false
    return !flags.isDown(other) && !breakers.isOpen(type, other)
  }

  #decide(type: string, flag: Flag): Decision {
    if (flag.readPercent === 0 || this.#routing.errorBudgets.isSpent(flag)) return decide(flag, '', false)
    const subject = this.#subject()
    return decide(flag, subject, this.#isWithinBound(type, this.#routing.sweeper.lagMs(type), subject))
  }

  /** Whether the mirror has what the subject is to see of the type, where it may be so far behind, in milliseconds. */
  #isWithinBound(type: string, lagMs: number, subject: string): boolean {
    return lagMs < freshnessMs && !this.#routing.recentWrites.has(type, subject)
  }

  /**
   * Answers from the decided store; where sampled, offers the comparison to the shadow and does not wait for it.
   *
   * @throws BAD_USER_INPUT for a request that asks the stores too often, or for too much.
   */
  async run<T>(read: Read<T>): Promise<T> {
    this.#signal?.throwIfAborted()
    this.#bounds.ask()
    const type = read.entity.name
    const { reads, candidate, samplePercent } = this.decision(type)
    this.#routing.shadow.statistics.of(type).reads++
    const isCompared = candidate !== null && Math.random() * 100 < samplePercent
    try {
      const turn = this.#turns.take()
      if (turn) {
        await turn
        this.#signal?.throwIfAborted()
      }
      const result = isCompared ? await this.#compared(read, reads, candidate) : (await this.#answered(read)).result
      if (!read.isShared) this.#bounds.returned(result)
      return result
    } finally {
      this.#turns.done()
    }
  }

  /** What is handed out of shared reads. @throws BAD_USER_INPUT for a request that asks for too much. */
  handOut(count: number): void {
    this.#bounds.handOut(count)
  }

  /** Times the reads that are compared and no others, so that both stores' times are those of the same reads. */
  async #compared<T>(read: Read<T>, reads: Origin, candidate: Origin): Promise<T> {
    const { shadow, stores } = this.#routing
    const { entity, resolver, args } = read
    const place = { type: entity.name, resolver, store: reads }
    const began = performance.now()
    let answer: Answer<T>
    try {
      answer = await this.#answered(read)
    } catch (error) {
      shadow.controlFailed(place, error)
      throw error
    }
    const controlMs = performance.now() - began
    const { result, origin } = answer
    if (origin !== reads) {
      shadow.controlFailed(place, failedOverTo(origin))
      return result
    }
    shadow.offer({
      type: entity.name,
      resolver,
      args,
      types: [entity, ...(read.also ?? [])].map(({ name }) => name),
      stores: { control: reads, candidate },
      control: () => read.outcome(result),
      controlMs,
      candidate: async () => read.outcome(await read.ask(stores[candidate].candidate)),
      again: async () => read.outcome(await read.ask(stores[reads].candidate)),
      records: (side, ids) =>
        stores[side === 'control' ? reads : candidate].candidate.reader.byIds(entity, ids, allFields(entity)),
    })
    return result
  }

  /** The question to a store, whose outcome is noted; of a fail-over also whether the answer is stale. */
  #asking<T>({ entity, also = [], ask }: Read<T>, choice: Choice): Read<T>['ask'] {
    const { stores, sweeper } = this.#routing
    const types = [entity, ...also].map(({ name }) => name)
    return async (source, signal) => {
      const { origin } = source
      // As known before it is asked: what it shows is no older
      const now = Date.now()
      const lags = origin === choice.decided ? [] : types.map((type) => [type, sweeper.lagMs(type)] as const)
      let result: T
      try {
        result = await ask(source, signal)
      } catch (error) {
        this.#failed(entity.name, choice, origin, stores[origin].failureOf(error), error)
        throw error
      }
      this.#succeeded(entity.name, choice, origin)
      for (const [type, lagMs] of lags) this.#noteAge(type, origin, now, lagMs)
      return result
    }
  }

  /** Of a fail-over's answer, which another type's mirror may have given as well. */
  #noteAge(type: string, origin: Origin, now: number, lagMs: number): void {
    const flag = this.#routing.flags.get(type)
    if (origin === STAGE_PLAN[flag.stage].authority) return
    const isKept = candidateOf(flag) !== null
    if (isKept && this.#isWithinBound(type, lagMs, this.#subject())) return
    this.#noteStale(type, isKept && Number.isFinite(lagMs) ? new Date(now - lagMs) : null)
  }

  #succeeded(type: string, { decided, movedBy }: Choice, origin: Origin): void {
    const { breakers, errorBudgets } = this.#routing
    breakers.answered(type, origin)
    if (movedBy && origin === decided) errorBudgets.note(movedBy, false)
  }

  #failed(type: string, { decided, movedBy }: Choice, origin: Origin, failure: Failure | null, error: unknown): void {
    const { breakers, errorBudgets, flags } = this.#routing
    // Where no other store may answer, nothing goes there at once
    if (candidateOf(flags.get(type)) !== null) breakers.failed(type, origin, failure, error)
    if (movedBy && origin === decided && spendsBudget(failure)) errorBudgets.note(movedBy, true)
  }

  #noteStale(type: string, asOf: Date | null): void {
    const known = this.stale.get(type)
    if (known === undefined) this.#routing.failOvers.addStale(type, asOf)
    if (known === undefined || (known !== null && (asOf === null || asOf < known))) this.stale.set(type, asOf)
  }

  /** Fails over where the stage keeps the other store fresh, unless the type was answered in this request before. */
  async #answered<T>(read: Read<T>): Promise<Answer<T>> {
    const { flags, stores, failOvers } = this.#routing
    const type = read.entity.name
    const choice = this.#choice(type)
    const { reads } = choice.decision
    const asking = this.#asking(read, choice)
    // Nothing stands in for a store that alone keeps the type, or has answered of it: it is waited for
    if (choice.isAlone || choice.isFinal || candidateOf(flags.get(type)) === null) {
      const ask = () => askOnly(stores[reads], asking, this.#signal)
      return { result: await this.#admitted(reads, ask), origin: reads }
    }
    const other = otherOrigin(reads)
    let failed: unknown
    if (!flags.isDown(reads) || flags.isDown(other)) {
      try {
        const result = await this.#unlessDown(reads, asking)
        if (choice.decision.reads === reads) {
          choice.isFinal = true
          if (reads !== choice.decided) {
            failOvers.add(type, choice.decided, failsOften)
            this.#probe(read, choice)
          }
          return { result, origin: reads }
        }
      } catch (error) {
        failed = error
      }
    } else {
      failed = new StoreSilent(reads)
      this.#failed(type, choice, reads, 'unreachable', failed)
    }
    // Unless another read of the type has failed over meanwhile
    if (choice.decision.reads === reads) {
      if (choice.isFinal || !mayFailOver(stores[reads], failed)) throw stores[reads].readError(failed)
      choice.decision = instead(choice.decision)
      choice.isFinal = true
    }
    failOvers.add(type, reads, failed)
    const ask = () => askInstead(stores[other], (store) => asking(store, this.#signal))
    return { result: await this.#admitted(other, ask), origin: other }
  }

  /** Asks the store that was avoided, where it is time to; no client waits for it, or has its answer. */
  #probe<T>({ entity: { name: type }, ask }: Read<T>, choice: Choice): void {
    const { breakers, stores } = this.#routing
    const origin = choice.decided
    if (!breakers.takeProbe(type, origin)) return
    const limit = AbortSignal.timeout(probeMs)
    const failureOf = (error: unknown): Failure | null => (limit.aborted ? 'timeout' : stores[origin].failureOf(error))
    void ask(stores[origin], limit).then(
      () => this.#succeeded(type, choice, origin),
      (error: unknown) => this.#failed(type, choice, origin, failureOf(error), error),
    )
  }

  /** @throws TRY_AGAIN where too many reads of clients wait for the store already. */
  async #admitted<T>(origin: Origin, ask: () => Promise<T>): Promise<T> {
    this.#enter(origin)
    try {
      return await ask()
    } finally {
      this.#routing.readsUnderWay[origin]--
    }
  }

  #enter(origin: Origin): void {
    const { readsUnderWay } = this.#routing
    if (readsUnderWay[origin] >= maxReadsUnderWay) throw troubleOfRead('full', undefined)
    readsUnderWay[origin]++
  }

  /** Asks a store, and ends the call when the store goes down, or soon where it is. @throws like `#admitted`. */
  async #unlessDown<T>(origin: Origin, ask: Read<T>['ask']): Promise<T> {
    const { flags, stores, readsUnderWay } = this.#routing
    this.#enter(origin)
    const ends = this.#endsOf(origin)
    const end = (): void => ends.abort(new StoreSilent(origin))
    const forget = flags.onDown(origin, end)
    // Where both are down, one of them may be late only: this one is not waited for until its calls time out
    const late = flags.isDown(origin) ? setTimeout(end, times.probe) : undefined
    try {
      return await ask(stores[origin], ends.signal)
    } finally {
      forget()
      clearTimeout(late)
      readsUnderWay[origin]--
    }
  }

  /** One for all reads of the request: what a store did not answer is not asked of it again. */
  #endsOf(origin: Origin): AbortController {
    const known = this.#ends[origin]
    if (known) return known
    const made = new AbortController()
    this.#ends[origin] = made
    this.#signal?.addEventListener('abort', () => made.abort(this.#signal!.reason), { once: true })
    return made
  }
}
