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

/** Small answers are not held; of a stream each event is, small ones as well. */
const isSmall = ({ headersSent }: ServerResponse, bytes: number): boolean => bytes <= small && !headersSent

/** An event waits behind those before it that are not read. */
const heldBy = ({ headersSent, writableLength }: ServerResponse, bytes: number): number =>
  headersSent ? writableLength + bytes : bytes

/** An answer, or the last event of a stream of them. */
class Written {
  readonly #response: ServerResponse
  /** Of an event the web stream keeps one more, which Node does not know of yet. */
  readonly #isStream: boolean
  bytes = 0

  constructor(response: ServerResponse) {
    this.#response = response
    this.#isStream = response.headersSent
  }

  /** How many of its bytes are not read: all until it is on its way, and then as Node counts them. */
  get unread(): number {
    const { closed, headersSent, writableLength } = this.#response
    if (closed) return 0
    if (!headersSent) return this.bytes
    return this.#isStream && writableLength > 0 ? writableLength + this.bytes : writableLength
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

  /** Whether there is room for an answer of so many bytes, or an event of a stream. */
  fits(response: ServerResponse, bytes: number): boolean {
    if (isSmall(response, bytes)) return this.#held.isEmpty || this.#held.fits(bytes)
    return this.#held.fits(heldBy(response, bytes), this.#answers.get(response))
  }

  /**
   * Takes an answer that is about to be written, or an event of a stream.
   *
   * @param bytes of a small one about; how many are not read shows as soon as it is written.
   * @returns false where there is no room for it.
   */
  take(response: ServerResponse, bytes: number): boolean {
    if (!this.fits(response, bytes)) return false
    if (isSmall(response, bytes) || response.closed) return true
    const answer = this.#answerOf(response)
    answer.bytes = bytes
    // A stream asks for an event when the one before the last was read, so its time begins anew
    this.#held.set(answer, heldBy(response, bytes), performance.now())
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

  #measure(answer: Written): void {
    const { unread } = answer
    if (unread === 0) this.#held.delete(answer)
    else this.#held.set(answer, unread)
  }

  /** Cuts off who reads too slowly. */
  #look(): void {
    for (const [answer, { bytes, since }] of this.#held) {
      const allowedMs = this.#graceMs + (Math.max(bytes, answer.bytes) / this.#leastRate) * 1_000
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
