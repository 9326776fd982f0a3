import type { Flag } from '../control/flag.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { candidateOf, type Decision, decide } from './decide.ts'
import type { Routing } from './routing.ts'

/** The mirror answers reads only while its oldest owed write is younger than this, in milliseconds. */
export const freshnessMs = 1_000

/** The other store answers; there is nothing to compare it with. */
export const instead = ({ reads, epoch }: Decision): Decision => ({
  reads: otherOrigin(reads),
  candidate: null,
  samplePercent: 0,
  epoch,
})

/** Where the reads of one type go in one request. */
export interface Choice {
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

/** Where the reads of one request go: once chosen, a type's stay there, a fail-over included. */
export class ReadChoices {
  readonly #routing: Routing
  readonly #subject: () => string
  readonly #fromAuthority: boolean
  readonly #choices = new Map<string, Choice>()

  /** @param fromAuthority the payload of a mutation reads what was written, and is not compared. */
  constructor(routing: Routing, subject: () => string, fromAuthority: boolean) {
    this.#routing = routing
    this.#subject = subject
    this.#fromAuthority = fromAuthority
  }

  of(type: string): Choice {
    let choice = this.#choices.get(type)
    if (!choice) this.#choices.set(type, (choice = this.#choose(type)))
    return choice
  }

  /** Of the types that were asked for. */
  get stores(): ReadonlyMap<string, Origin> {
    return new Map([...this.#choices].map(([type, { decision }]) => [type, decision.reads]))
  }

  /** Whether the mirror has what the subject is to see of the type, where it may be so far behind, in milliseconds. */
  isWithinBound(type: string, lagMs: number, subject = this.#subject()): boolean {
    return lagMs < freshnessMs && !this.#routing.recentWrites.has(type, subject)
  }

  #choose(type: string): Choice {
    const { flags, killSwitch } = this.#routing
    const flag = flags.get(type)
    if (this.#fromAuthority || killSwitch.isOn(type)) {
      const { authority } = STAGE_PLAN[flag.stage]
      const decision = { reads: authority, candidate: null, samplePercent: 0, epoch: flag.epoch }
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
    return decide(flag, subject, this.isWithinBound(type, this.#routing.sweeper.lagMs(type), subject))
  }
}
