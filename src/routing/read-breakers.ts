import { CircuitState, CountBreaker } from 'cockatiel'
import { type Failure, isTrouble, mayAnswerElsewhere, StoreSilent } from '../stores/failure.ts'
import { messageOf } from '../util/errors.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'

type Log = (level: 'info' | 'warn', message: string) => void

/** Reads leave a store where more than this share of its last answers failed, once there are so many. */
const window = { size: 20, minimumNumberOfCalls: 5, threshold: 0.4 }

/** Between two probes of a store that reads have left, in milliseconds. */
const probeEveryMs = 1_000

/** They come back when so many probes in a row were answered, over so many milliseconds. */
const steady = { answers: 5, ms: 5_000 }

interface Breaker {
  readonly window: CountBreaker
  /** While it is open: when the next probe is due, and the run of answers that lasts, by the monotonic clock. */
  open: { probeAt: number; answers: number; since: number } | null
}

/**
 * Knows where a store fails the reads of a type again and again, though its watch finds nothing wrong: a table or a right
 * is missing, connections are all taken, a network drops every second packet. Requests go to the other store at once
 * then, and do not pay for the call that fails; probes go beside them. Of cockatiel only the window is used: its half-open
 * state has callers pay and wait for one another, and counts answers however quickly they come.
 */
export class ReadBreakers {
  readonly #log: Log
  readonly #breakers = { mongo: new Map<string, Breaker>(), postgres: new Map<string, Breaker>() }

  constructor(log: Log) {
    this.#log = log
  }

  #of(type: string, origin: Origin): Breaker {
    const breakers = this.#breakers[origin]
    let breaker = breakers.get(type)
    if (!breaker) breakers.set(type, (breaker = { window: new CountBreaker(window), open: null }))
    return breaker
  }

  isOpen(type: string, origin: Origin): boolean {
    return this.#of(type, origin).open !== null
  }

  /** Whether the store is to be probed now; whoever asks does so. */
  takeProbe(type: string, origin: Origin): boolean {
    const { open } = this.#of(type, origin)
    const now = performance.now()
    if (!open || now < open.probeAt) return false
    open.probeAt = now + probeEveryMs
    return true
  }

  answered(type: string, origin: Origin): void {
    const breaker = this.#of(type, origin)
    const { open } = breaker
    if (!open) {
      breaker.window.success(CircuitState.Closed)
      return
    }
    const now = performance.now()
    if (open.answers++ === 0) open.since = now
    if (open.answers < steady.answers || now - open.since < steady.ms) return
    breaker.window.success(CircuitState.HalfOpen) // forgets what failed
    breaker.open = null
    this.#log('info', `${origin} answers reads of ${type} again.`)
  }

  /** Opens by what the other store may answer; one that answers nobody has its watch, and comes back by that. */
  failed(type: string, origin: Origin, failure: Failure | null, error: unknown): void {
    const breaker = this.#of(type, origin)
    if (breaker.open) {
      if (isTrouble(failure)) breaker.open.answers = 0
      return
    }
    if (error instanceof StoreSilent || !mayAnswerElsewhere(failure)) return
    if (!breaker.window.failure(CircuitState.Closed)) return
    breaker.open = { probeAt: performance.now() + probeEveryMs, answers: 0, since: 0 }
    const why = `${origin} fails them again and again: ${messageOf(error)}`
    this.#log('warn', `Reads of ${type} go to ${otherOrigin(origin)} at once, since ${why}`)
  }
}
