import type { Entity } from '../entity/entity.ts'
import { allFields } from '../entity/field-set.ts'
import type { Outcome } from '../shadow/outcome.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import type { Json } from '../util/json.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { type Decision, decide } from './decide.ts'
import { askInstead, askOnly, mayFailOver } from './fail-over.ts'
import type { ReadSource, Routing } from './routing.ts'

/** The mirror answers reads only while its oldest owed write is younger than this, in milliseconds. */
const freshnessMs = 1_000

const failedOver = new CrossfadeError('UNAVAILABLE', 'The other store answered.')

const tooMuch = (what: string): CrossfadeError =>
  new CrossfadeError('BAD_USER_INPUT', `The request asks ${what}. Ask for less, or in several requests.`)

/** Records of a page, those of all pages of a level, the rows of a by-hand list; 1 for a single value. */
function membersOf(result: unknown): number {
  if (Array.isArray(result)) return result.length
  if (!(result instanceof Map)) return 1
  let members = 0
  for (const each of result.values()) members += Array.isArray(each) ? each.length : 1
  return members
}

/** One routed read: the same question to either store. */
export interface Read<T> {
  readonly entity: Entity
  /** Other types whose records the result depends on. */
  readonly also?: readonly Entity[]
  readonly resolver: string
  /** As they may be shown, see `shadow/redact`; asked for only where something is to be told. */
  readonly args: () => Json
  readonly ask: (source: ReadSource) => Promise<T>
  /** The result in comparable form. */
  readonly outcome: (result: T) => Outcome
}

/** Reads of one request: one decision per type, kept to the end. */
export class Reads {
  readonly #routing: Routing
  readonly #subject: () => string
  readonly #fromAuthority: boolean
  readonly #decisions = new Map<string, Decision>()
  #statements = 0
  #records = 0

  /** `fromAuthority`: the payload of a mutation reads what was written, and is not compared. */
  constructor(routing: Routing, subject: () => string, fromAuthority: boolean) {
    this.#routing = routing
    this.#subject = subject
    this.#fromAuthority = fromAuthority
  }

  decision(type: string): Decision {
    let decision = this.#decisions.get(type)
    if (!decision) {
      decision = this.#decide(type)
      this.#decisions.set(type, decision)
    }
    return decision
  }

  #decide(type: string): Decision {
    const { flags, killSwitch, sweeper } = this.#routing
    const flag = flags.get(type)
    if (this.#fromAuthority || killSwitch.isOn(type)) {
      return { reads: STAGE_PLAN[flag.stage].authority, candidate: null, samplePercent: 0 }
    }
    const subject = flag.readPercent > 0 ? this.#subject() : ''
    return decide(flag, subject, sweeper.backlog(type).oldestMs < freshnessMs)
  }

  /**
   * Answers from the decided store; where sampled, offers the comparison to the shadow and does not wait for it.
   *
   * @throws BAD_USER_INPUT for a request that asks the stores too often, or for too much.
   */
  async run<T>(read: Read<T>): Promise<T> {
    const { statements, records } = this.#routing.limits
    if (++this.#statements > statements) throw tooMuch(`the stores more than ${statements} times`)
    const type = read.entity.name
    const { reads, candidate, samplePercent } = this.decision(type)
    this.#routing.shadow.statistics.of(type).reads++
    const isCompared = candidate !== null && Math.random() * 100 < samplePercent
    const result = isCompared
      ? await this.#compared(read, reads, candidate)
      : (await this.#answered(read, reads)).result
    this.#records += membersOf(result)
    if (this.#records > records) throw tooMuch(`for more than ${records} records`)
    return result
  }

  /** Times the reads that are compared and no others, so that both stores' times are those of the same reads. */
  async #compared<T>(read: Read<T>, reads: Origin, candidate: Origin): Promise<T> {
    const { shadow, stores } = this.#routing
    const { entity, resolver, args } = read
    const place = { type: entity.name, resolver, store: reads }
    const began = performance.now()
    let answer: { result: T; origin: Origin }
    try {
      answer = await this.#answered(read, reads)
    } catch (error) {
      shadow.controlFailed(place, error)
      throw error
    }
    const controlMs = performance.now() - began
    const { result, origin } = answer
    if (origin !== reads) {
      shadow.controlFailed(place, failedOver)
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

  /** Fails over where the stage keeps the other store fresh; the fail-over is logged. */
  async #answered<T>(read: Read<T>, reads: Origin): Promise<{ result: T; origin: Origin }> {
    const { flags, log, stores } = this.#routing
    const flag = flags.get(read.entity.name)
    const other = otherOrigin(reads)
    const { mirror, authority } = STAGE_PLAN[flag.stage]
    const standIn = mirror === other || authority === other ? STAGE_PLAN[flag.stage].candidate !== null : false
    if (!standIn) return { result: await askOnly(stores[reads], read.ask), origin: reads }
    if (!flags.isDown(reads) || flags.isDown(other)) {
      try {
        return { result: await read.ask(stores[reads]), origin: reads }
      } catch (error) {
        if (!mayFailOver(stores[reads], error)) throw stores[reads].readError(error)
        log('warn', `${read.resolver} was answered by ${other}, since ${reads} failed: ${messageOf(error)}`)
      }
    }
    return { result: await askInstead(stores[other], read.ask), origin: other }
  }
}
