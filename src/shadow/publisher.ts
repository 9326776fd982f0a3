import type { Mismatch, Seen } from '../stores/findings.ts'
import { awaitWithin, timedOut } from '../util/await-within.ts'
import { Observations } from './observations.ts'
import { errorText } from './redact.ts'

export interface PublisherOptions {
  /** Keeps all of it or nothing. */
  readonly keep: (seen: Seen) => Promise<unknown>
  readonly log: (level: 'info' | 'warn', message: string, fields?: object) => void
  /** Called with every mismatch as it is found. */
  readonly onMismatch?: ((mismatch: Mismatch) => void) | undefined
  /** Between two attempts to keep what was seen, in milliseconds; default 2,000. */
  readonly flushMs?: number
  /** Between two lines of the log that sum up what had no line of its own, in milliseconds; default 60,000. */
  readonly summaryMs?: number
}

const maxLines = 1_000 // first lines of their kind that are remembered

/**
 * Tells what shadow reads saw: adds it up, has it kept in batches, and holds it while the store that keeps it is down.
 * The log gets the first of each kind, and now and then a line about the rest.
 */
export class Publisher {
  readonly #options: PublisherOptions
  readonly #told = new Set<string>()
  #observations = new Observations()
  #untold = 0
  #lost = 0
  #failing = false
  #flushed: Promise<void> = Promise.resolve()
  #flushTimer: NodeJS.Timeout | undefined
  #summaryTimer: NodeJS.Timeout | undefined

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  /** What is noted here is kept with the next batch. */
  note(): Observations {
    this.#flushTimer ??= setTimeout(() => void this.flush(), this.#options.flushMs ?? 2_000).unref()
    return this.#observations
  }

  /** One that a rule covers has no line in the log: somebody has seen it. */
  mismatch(mismatch: Mismatch, isCovered = false): void {
    if (!isCovered) this.tell(mismatch.fingerprint, 'mismatch', mismatch)
    if (!this.note().mismatch(mismatch)) this.#lose(1)
    this.#options.onMismatch?.(mismatch)
  }

  /** One line for the first of its kind; the rest is counted and summed up. */
  tell(kind: string, message: string, fields?: object): void {
    if (!this.#told.has(kind) && this.#told.size < maxLines) {
      this.#told.add(kind)
      this.#options.log('warn', message, fields)
      return
    }
    this.#untold++
    this.#sumUpLater()
  }

  /** Resolves once what was seen so far is kept, or could not be; never rejects. */
  flush(): Promise<void> {
    this.#flushed = this.#flushed.then(() => this.#flush())
    return this.#flushed
  }

  /** Keeps what it can within the time given in milliseconds, and says what it could not. */
  async stop(ms: number): Promise<void> {
    this.#sumUp()
    const isOver = (await awaitWithin(this.flush(), ms)) === timedOut
    clearTimeout(this.#flushTimer)
    if (isOver || this.#observations.seen())
      this.#options.log('warn', 'What shadow reads saw last could not be kept in time.')
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#flushTimer)
    this.#flushTimer = undefined
    const batch = this.#observations
    const seen = batch.seen()
    if (!seen) return
    this.#observations = new Observations()
    try {
      await this.#options.keep(seen)
      if (this.#failing) this.#options.log('info', 'What shadow reads saw is kept again.')
      this.#failing = false
    } catch (error) {
      if (!this.#failing)
        this.#options.log('warn', `What shadow reads saw cannot be kept and waits: ${errorText(error)}`)
      this.#failing = true
      this.#lose(batch.absorb(this.#observations))
      this.#observations = batch
      this.note()
    }
  }

  #lose(count: number): void {
    this.#lost += count
    if (count > 0) this.#sumUpLater()
  }

  #sumUpLater(): void {
    this.#summaryTimer ??= setTimeout(() => this.#sumUp(), this.#options.summaryMs ?? 60_000).unref()
  }

  #sumUp(): void {
    clearTimeout(this.#summaryTimer)
    this.#summaryTimer = undefined
    if (this.#untold > 0) {
      const text = `Shadow reads found ${this.#untold} more of what was told before; see \`crossfade mismatches list\`.`
      this.#options.log('warn', text, { count: this.#untold })
    }
    if (this.#lost > 0) {
      const text = `${this.#lost} mismatches are lost: there was no room for them until they could be kept.`
      this.#options.log('warn', text, { count: this.#lost })
    }
    this.#untold = 0
    this.#lost = 0
  }
}
