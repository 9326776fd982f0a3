import type { ServerResponse } from 'node:http'
import type { Routing } from '../routing/routing.ts'
import { Seldom } from '../util/seldom.ts'
import { small } from './by-size.ts'
import { Held } from './held.ts'
import type { Limits } from './limits.ts'

/** What a client has for its answer before it is asked how fast it reads, in milliseconds. */
const graceMs = 30_000

export interface UnreadOptions extends Pick<Limits, 'unreadBytes' | 'leastRate'> {
  readonly log: Routing['log']
  /** Default: 30 s. */
  readonly graceMs?: number
  /** See `Held`. */
  readonly patienceMs?: number
}

/** An answer, or the last event of a stream of them. */
class Written {
  readonly #response: ServerResponse
  /** Of an event the web stream keeps one more, which Node does not know of yet. */
  readonly #isStream: boolean
  weight = 0

  constructor(response: ServerResponse) {
    this.#response = response
    this.#isStream = response.headersSent
  }

  /** How many of its bytes are not read: all until it is on its way, and then as Node counts them. */
  get unread(): number {
    const { closed, headersSent, writableLength } = this.#response
    if (closed) return 0
    if (!headersSent) return this.weight
    return this.#isStream && writableLength > 0 ? writableLength + this.weight : writableLength
  }

  destroy(): void {
    this.#response.destroy()
  }
}

/**
 * Answers that were made and whose clients have not read them: Node keeps each in memory to its last byte. Small answers
 * are left out as long as there is room: a connection has one at a time, which the system mostly takes at once.
 */
export class Unread {
  readonly #held: Held<Written>
  readonly #graceMs: number
  readonly #leastRate: number
  readonly #log: Routing['log']
  readonly #seldom = new Seldom(60_000)
  readonly #answers = new WeakMap<ServerResponse, Written>()
  #timer: NodeJS.Timeout | undefined

  constructor(options: UnreadOptions) {
    this.#held = new Held(options.unreadBytes, options.patienceMs)
    this.#graceMs = options.graceMs ?? graceMs
    this.#leastRate = options.leastRate
    this.#log = options.log
  }

  /** Whether there is no room for any answer, so that none needs to be worked out. */
  get isFull(): boolean {
    return !this.#held.isEmpty && !this.#held.fits(1)
  }

  /**
   * Takes an answer that is about to be written, or an event of a stream.
   *
   * @param weight about how many bytes it has; how many are not read shows as soon as it is written.
   * @returns false where there is no room for it.
   */
  take(response: ServerResponse, weight: number): boolean {
    if (weight <= small && !response.headersSent) return this.#held.isEmpty || this.#held.fits(weight)
    // Behind an event that is not read yet
    const held = response.headersSent ? response.writableLength + weight : weight
    if (!this.#held.fits(held, this.#answers.get(response))) return false
    if (response.closed) return true
    const answer = this.#answerOf(response)
    answer.weight = weight
    // A stream asks for an event when the one before the last was read, so its time begins anew
    this.#held.set(answer, held, performance.now())
    setImmediate(() => this.#measure(answer))
    this.#timer ??= setInterval(() => this.#look(), 1_000).unref()
    return true
  }

  #answerOf(response: ServerResponse): Written {
    const known = this.#answers.get(response)
    if (known) return known
    const answer = new Written(response)
    this.#answers.set(response, answer)
    response.once('close', () => this.#held.delete(answer))
    return answer
  }

  /** Estimates are far off for texts that JSON writes with escapes. */
  #measure(answer: Written): void {
    const { unread } = answer
    if (unread === 0) this.#held.delete(answer)
    else this.#held.set(answer, unread)
  }

  /** Cuts off who reads too slowly. */
  #look(): void {
    for (const [answer, { bytes, since }] of this.#held) {
      const allowedMs = this.#graceMs + (Math.max(bytes, answer.weight) / this.#leastRate) * 1_000
      this.#measure(answer)
      if (performance.now() - since <= allowedMs || answer.unread === 0) continue
      answer.destroy()
      this.#tellSlow()
    }
    if (!this.#held.isEmpty) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #tellSlow(): void {
    if (this.#seldom.due('') === null) return
    this.#log('warn', `limits.leastRate: a client was cut off that read less than ${this.#leastRate} bytes a second`)
  }
}
