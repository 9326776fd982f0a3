import type { Ledger } from '../stores/ledger.ts'
import { instanceKind, type Sign } from './instances.ts'
import { times } from './times.ts'

/**
 * What one store knows of this instance. Its signs of life are writes that a majority has: a server that is no longer the
 * one that is written acknowledges none.
 */
export class Registration {
  readonly #ledger: Ledger
  readonly #id: string
  readonly #sign: () => Sign
  readonly #onLess: () => void
  /** Of our entry, as far as we know. */
  #revision: number | null = null
  #beganAt = Number.NEGATIVE_INFINITY
  #renewing: Promise<void> | null = null
  /** The sign that follows the one that is under way: they must not pile up before a store that hangs. */
  #next: Promise<void> | null = null
  #ended = false

  /** @param onLess called where the store knows less of our signs of life than it has acknowledged. */
  constructor(ledger: Ledger, id: string, sign: () => Sign, onLess: () => void = () => undefined) {
    this.#onLess = onLess
    this.#ledger = ledger
    this.#id = id
    this.#sign = sign
  }

  /** When the last sign of life began that the store has, by our monotonic clock in milliseconds. */
  get beganAt(): number {
    return this.#beganAt
  }

  /** Whether the store has had a sign of life. */
  get isKnown(): boolean {
    return this.#beganAt > Number.NEGATIVE_INFINITY
  }

  /**
   * Whether a lease from the last sign of life lasts for a while. Behind an outage it does not: a write would begin in its
   * last moments, and be cut in two.
   */
  get isFresh(): boolean {
    return performance.now() - this.#beganAt < times.lease / 2
  }

  /** Tells the store that we live, and what we acknowledge: behind every sign that is under way. @throws like the ledger. */
  renew(): Promise<void> {
    if (this.#next) return this.#next // nothing of it has been read yet
    const renewed = (this.#renewing ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => {
        this.#next = null
        this.#renewing = this.#renew()
        return this.#renewing
      })
    this.#next = renewed
    return renewed
  }

  async #renew(): Promise<void> {
    if (this.#ended) return
    const began = performance.now()
    const value = { ...this.#sign() }
    const write = () => this.#ledger.compareAndSet(instanceKind, this.#id, this.#revision, value)
    if (!(await write())) {
      // Forgotten by a mover, or an earlier sign arrived whose answer did not
      const known = this.#revision ?? 0
      this.#revision = (await this.#ledger.get(instanceKind, this.#id))?.revision ?? null
      if (!(await write())) throw new Error(`The entry of ${this.#id} is written by somebody else.`)
      // Behind the write, which no server answers that is deposed
      if (this.#revision !== null && this.#revision < known) this.#onLess()
    }
    this.#revision = (this.#revision ?? 0) + 1
    this.#beganAt = began
  }

  /** Gives no more signs of life; resolves when none is under way. */
  async end(): Promise<void> {
    this.#ended = true
    await (this.#next ?? this.#renewing)?.catch(() => undefined)
  }
}
