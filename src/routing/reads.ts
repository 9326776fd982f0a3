import { allFields } from '../entity/field-set.ts'
import { FailedOver } from '../shadow/failed-over.ts'
import { type Failure, StoreSilent } from '../stores/failure.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { inSpan, isTraced, spanIds } from '../util/trace.ts'
import { Turns } from '../util/turns.ts'
import { isAnswered, neverRead } from './answered.ts'
import { candidateOf, type Decision } from './decide.ts'
import { askInstead, askOnly, mayFailOver } from './fail-over.ts'
import type { HeldRecords } from './held-records.ts'
import { type Meter, toldCode } from './meter.ts'
import type { Read } from './read.ts'
import { type Choice, instead, ReadChoices } from './read-choices.ts'
import { ReadNotes } from './read-notes.ts'
import { ReadsUnderWay } from './reads-under-way.ts'
import { RequestBounds } from './request-bounds.ts'
import type { Routing } from './routing.ts'

/**
 * Reads of one request that the stores are asked at a time; the others wait for their turn: a part of the smaller pool of
 * connections, so that no request takes it from all.
 */
const maxAtOnce = 4

/** What a probe of a store may take, in milliseconds. */
const probeMs = 2_000

/** Why a store was not asked that was decided on. */
const failsOften = new Error('again and again')

interface Answer<T> {
  readonly result: T
  readonly origin: Origin
}

/** The time that a store was asked for, without that of waiting for a turn of the request. */
async function measured<T>(meter: Meter, type: string, asked: Promise<Answer<T>>): Promise<Answer<T>> {
  const began = performance.now()
  try {
    const answer = await asked
    meter.read(type, answer.origin, performance.now() - began)
    return answer
  } catch (error) {
    meter.readFailed(type, toldCode(error))
    throw error
  }
}

/** What those who load ask of a request's reads, and whoever answers it. */
export type RequestReads = Pick<Reads, 'run' | 'handOut' | 'stale' | 'stores'>

/** Reads of one request: one decision per type, kept to the end, a fail-over included. */
export class Reads {
  readonly #routing: Routing
  readonly #signal: AbortSignal | undefined
  readonly #choices: ReadChoices
  readonly #notes: ReadNotes
  readonly #underWay: ReadsUnderWay
  readonly #bounds: RequestBounds
  readonly #turns = new Turns(maxAtOnce)

  /**
   * @param fromAuthority the payload of a mutation reads what was written, and is not compared.
   * @param signal ends what is asked: the client has left, or the request's time is over.
   * @param held see `RequestBounds`.
   */
  constructor(
    routing: Routing,
    subject: () => string,
    fromAuthority: boolean,
    signal?: AbortSignal,
    held?: HeldRecords,
  ) {
    this.#routing = routing
    this.#signal = signal
    this.#choices = new ReadChoices(routing, subject, fromAuthority)
    this.#notes = new ReadNotes(routing, this.#choices)
    this.#bounds = new RequestBounds(routing.limits, held)
    this.#underWay = new ReadsUnderWay(routing, signal, (bytes) => this.#bounds.arrived(bytes))
  }

  decision(type: string): Decision {
    return this.#choices.of(type).decision
  }

  /**
   * Types of which a fail-over has answered with an older state than the mirror's bound allows, each with the time up to
   * which it has every acknowledged write, by this host's clock; null where nobody knows.
   */
  get stale(): ReadonlyMap<string, Date | null> {
    return this.#notes.stale
  }

  /** Types that were asked for, each with the store that answers; of fail-overs the one they went to. */
  get stores(): ReadonlyMap<string, Origin> {
    return this.#choices.stores
  }

  /**
   * Answers from the decided store; where sampled, offers the comparison to the shadow and does not wait for it.
   *
   * @throws BAD_USER_INPUT for a request that asks the stores too often, or for too much.
   */
  async run<T>(read: Read<T>): Promise<T> {
    try {
      return await (isTraced() ? this.#traced(read) : this.#run(read))
    } catch (error) {
      if (isAnswered(this.#signal)) return neverRead()
      throw error
    }
  }

  #traced<T>(read: Read<T>): Promise<T> {
    const type = read.entity.name
    const attributes = { 'crossfade.type': type, 'crossfade.resolver': read.resolver }
    return inSpan(`read ${type}`, { attributes }, async (span) => {
      if (this.#routing.killSwitch.isOn(type)) span.setAttribute('crossfade.killed', true)
      const result = await this.#run(read)
      span.setAttribute('crossfade.stage', this.#routing.flags.get(type).stage)
      span.setAttribute('crossfade.store', this.decision(type).reads) // a fail-over has changed it
      return result
    })
  }

  async #run<T>(read: Read<T>): Promise<T> {
    this.#signal?.throwIfAborted()
    this.#bounds.ask()
    const type = read.entity.name
    const { reads, candidate, samplePercent, epoch } = this.decision(type)
    const { shadow, meter } = this.#routing
    shadow.statistics.of(type).reads++
    if (candidate !== null) shadow.asked(read, epoch)
    const isCompared = candidate !== null && Math.random() * 100 < samplePercent
    try {
      const turn = this.#turns.take()
      if (turn) {
        await turn
        this.#signal?.throwIfAborted()
      }
      this.#bounds.checkArrived()
      const asked = isCompared ? this.#compared(read, reads, candidate, epoch) : this.#answered(read)
      const { result } = meter ? await measured(meter, type, asked) : await asked
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
  async #compared<T>(read: Read<T>, reads: Origin, candidate: Origin, epoch: number): Promise<Answer<T>> {
    const { shadow, stores } = this.#routing
    const { entity, fields, resolver, args } = read
    const asked = { entity, epoch, resolver, store: reads }
    const before = this.#bounds.bytes
    const began = performance.now()
    let answer: Answer<T>
    try {
      answer = await this.#answered(read)
    } catch (error) {
      shadow.controlFailed(asked, error)
      throw error
    }
    const controlMs = performance.now() - began
    const { result, origin } = answer
    if (origin !== reads) {
      shadow.controlFailed(asked, new FailedOver(origin))
      return answer
    }
    shadow.offer({
      entity,
      fields,
      epoch,
      resolver,
      args,
      types: [entity, ...(read.also ?? [])].map(({ name }) => name),
      stores: { control: reads, candidate },
      control: () => read.outcome(result),
      bytes: this.#bounds.bytes - before, // and those of other reads that the request had under way meanwhile
      controlMs,
      seenIn: spanIds(),
      candidate: async () => read.outcome(await read.ask(stores[candidate].candidate)),
      again: async () => read.outcome(await read.ask(stores[reads].candidate)),
      records: (side, ids) =>
        stores[side === 'control' ? reads : candidate].candidate.reader.byIds(entity, ids, allFields(entity)),
    })
    return answer
  }

  /** Fails over where the stage keeps the other store fresh, unless the type was answered in this request before. */
  async #answered<T>(read: Read<T>): Promise<Answer<T>> {
    const { flags, stores, failOvers } = this.#routing
    const type = read.entity.name
    const choice = this.#choices.of(type)
    const { reads } = choice.decision
    const asking = this.#notes.asking(read, choice)
    // Nothing stands in for a store that alone keeps the type, or has answered of it: it is waited for
    if (choice.isAlone || choice.isFinal || candidateOf(flags.get(type)) === null) {
      const isDown = () => flags.isDown(reads)
      const ask = () => askOnly(stores[reads], asking, this.#underWay.signalOf(type), isDown)
      return { result: await this.#underWay.admitted(reads, type, ask), origin: reads }
    }
    const other = otherOrigin(reads)
    let failed: unknown
    if (!flags.isDown(reads) || flags.isDown(other)) {
      try {
        const result = await this.#underWay.unlessDown(reads, type, asking)
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
      this.#notes.failed(type, choice, reads, 'unreachable', failed)
    }
    // Unless another read of the type has failed over meanwhile
    if (choice.decision.reads === reads) {
      if (choice.isFinal || !mayFailOver(stores[reads], failed)) throw stores[reads].readError(failed)
      choice.decision = instead(choice.decision)
      choice.isFinal = true
    }
    const waited = { isAlone: () => flags.isDown(reads), isDown: () => flags.isDown(other) }
    const ask = () => askInstead(stores[other], asking, this.#underWay.signalOf(type), waited)
    const result = await this.#underWay.admitted(other, type, ask)
    failOvers.add(type, reads, failed)
    return { result, origin: other }
  }

  /** Asks the store that was avoided, where it is time to; no client waits for it, or has its answer. */
  #probe<T>({ entity: { name: type }, ask }: Read<T>, choice: Choice): void {
    const { breakers, stores } = this.#routing
    const origin = choice.decided
    if (!breakers.takeProbe(type, origin)) return
    const limit = AbortSignal.timeout(probeMs)
    const failureOf = (error: unknown): Failure | null => (limit.aborted ? 'timeout' : stores[origin].failureOf(error))
    void ask(stores[origin], limit).then(
      () => this.#notes.succeeded(type, choice, origin),
      (error: unknown) => this.#notes.failed(type, choice, origin, failureOf(error), error),
    )
  }
}
