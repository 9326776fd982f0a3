import type { Ledger } from '../stores/ledger.ts'
import { parseState, type RangeState, rangeKey, stateJson } from './range-state.ts'

/** Others have gone on with a range, since its owner was silent for too long: what it still does changes nothing. */
export class RangeLost extends Error {
  constructor(n: number) {
    super(`range ${n + 1} was taken over`)
  }
}

/** Owners that are waiting for a store write as well. */
const renewMs = 4_000

/**
 * A range that this process works on. Its entry in the ledger is both claim and checkpoint: it is written by
 * compare-and-set, so that of two who hold a range for theirs only one gets further.
 */
export class HeldRange {
  readonly n: number
  readonly #ledger: Ledger
  readonly #kind: string
  #state: RangeState
  #revision: number
  #written = performance.now()
  /** Nobody knows whether the last write is there. */
  #isUnsure = false
  #isLeft = false
  #writing: Promise<void> = Promise.resolve()
  readonly #timer: NodeJS.Timeout

  constructor(ledger: Ledger, kind: string, n: number, revision: number, state: RangeState) {
    this.#ledger = ledger
    this.#kind = kind
    this.n = n
    this.#revision = revision
    this.#state = state
    this.#timer = setInterval(() => this.#renew(), renewMs)
    this.#timer.unref()
  }

  get state(): RangeState {
    return this.#state
  }

  /** Of the entry, as far as it is known. */
  get revision(): number {
    return this.#revision
  }

  /** @throws RangeLost where others have it. */
  save(change: Partial<RangeState>): Promise<void> {
    return this.#inTurn(() => this.#write(change))
  }

  /** To be called where a store was in trouble: reads what the last write has left. @throws RangeLost likewise. */
  settle(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isUnsure) await this.#read()
    })
  }

  /** Lets others go on at once. @param hasFailed counts as an attempt. Nothing is written afterwards. */
  async leave(hasFailed: boolean): Promise<void> {
    if (this.#isLeft) return
    clearInterval(this.#timer)
    this.#isLeft = true
    await this.#writing
    if (this.#isUnsure) await this.#read()
    const { attempts, done } = this.#state
    if (!done) await this.#write({ owner: null, slow: null, attempts: hasFailed ? attempts + 1 : attempts })
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    if (this.#isLeft) return Promise.reject(new RangeLost(this.n))
    const turn = this.#writing.then(work)
    this.#writing = turn.catch(() => undefined)
    return turn
  }

  async #read(): Promise<void> {
    const entry = await this.#ledger.get(this.#kind, rangeKey(this.n))
    const state = entry && parseState(this.#state.copy, entry.value)
    if (!entry || state?.owner !== this.#state.owner) throw new RangeLost(this.n)
    this.#state = state
    this.#revision = entry.revision
    this.#isUnsure = false
  }

  async #write(change: Partial<RangeState>): Promise<void> {
    if (this.#isUnsure) await this.#read()
    const next = { ...this.#state, ...change }
    this.#isUnsure = true
    const isWritten = await this.#ledger.compareAndSet(this.#kind, rangeKey(this.n), this.#revision, stateJson(next))
    this.#isUnsure = false
    if (!isWritten) throw new RangeLost(this.n)
    this.#revision++
    this.#state = next
    this.#written = performance.now()
  }

  #renew(): void {
    if (performance.now() - this.#written < renewMs) return
    this.save({}).catch(() => undefined) // told when the next batch is written down
  }
}
