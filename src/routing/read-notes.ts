import { STAGE_PLAN } from '../stage/stage.ts'
import { type Failure, spendsBudget } from '../stores/failure.ts'
import type { Origin } from '../util/origin.ts'
import { candidateOf } from './decide.ts'
import type { Read } from './read.ts'
import type { Choice, ReadChoices } from './read-choices.ts'
import type { Routing } from './routing.ts'

/** What is noted of the stores' answers to one request: for breakers and budgets of errors, and how old they are. */
export class ReadNotes {
  readonly #routing: Routing
  readonly #choices: ReadChoices
  /** See `Reads.stale`. */
  readonly stale = new Map<string, Date | null>()

  constructor(routing: Routing, choices: ReadChoices) {
    this.#routing = routing
    this.#choices = choices
  }

  /** The question to a store, whose outcome is noted; of a fail-over also whether the answer is stale. */
  asking<T>({ entity, also = [], ask }: Read<T>, choice: Choice): Read<T>['ask'] {
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
        this.failed(entity.name, choice, origin, stores[origin].failureOf(error), error)
        throw error
      }
      this.succeeded(entity.name, choice, origin)
      for (const [type, lagMs] of lags) this.#noteAge(type, origin, now, lagMs)
      return result
    }
  }

  /** Of a fail-over's answer, which another type's mirror may have given as well. */
  #noteAge(type: string, origin: Origin, now: number, lagMs: number): void {
    const flag = this.#routing.flags.get(type)
    if (origin === STAGE_PLAN[flag.stage].authority) return
    const isKept = candidateOf(flag) !== null
    if (isKept && this.#choices.isWithinBound(type, lagMs)) return
    this.#noteStale(type, isKept && Number.isFinite(lagMs) ? new Date(now - lagMs) : null)
  }

  succeeded(type: string, { decided, movedBy }: Choice, origin: Origin): void {
    const { breakers, errorBudgets } = this.#routing
    breakers.answered(type, origin)
    if (movedBy && origin === decided) errorBudgets.note(movedBy, false)
  }

  failed(type: string, { decided, movedBy }: Choice, origin: Origin, failure: Failure | null, error: unknown): void {
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
}
