import { askerOf } from './ending.ts'

interface Waiting {
  readonly signal: AbortSignal
  readonly begin: () => void
}

/**
 * Shares out what is scarce among requests: so many turns at a time, of which one type never has all, since a type that
 * stands still (its table is locked) would hold those of the others until it times out. It has to leave them while nobody
 * waits, too: who comes later would wait as long. A turn goes to the request with the fewest under way, first come among
 * equals, so that a request that asks much waits for itself.
 *
 * Turns are told apart by the signal's asker; what has none is nobody's, and takes none.
 */
export class FairTurns {
  readonly #most: number
  readonly #mostOfType: number
  readonly #waitMs: number
  readonly #full: () => Error
  readonly #waiting: Waiting[] = []
  readonly #ofRequest = new Map<object, number>()
  readonly #ofType = new Map<string, number>()
  #taken = 0

  /**
   * @param most turns at a time.
   * @param waitMs what one waits for its turn at most, in milliseconds.
   * @param full what it is told that has waited as long.
   */
  constructor(most: number, waitMs: number, full: () => Error) {
    this.#most = most
    this.#mostOfType = Math.max(1, Math.floor((most * 4) / 5))
    this.#waitMs = waitMs
    this.#full = full
  }

  /**
   * Undefined where the work may begin at once. Whoever took a turn gives it back by `done`, with the same signal.
   *
   * @throws the signal's reason; `full`. Then no turn was taken.
   */
  take(signal: AbortSignal | undefined): Promise<void> | undefined {
    const asker = askerOf(signal)
    if (!signal || !asker) return undefined
    // Where there is room those that wait are of types which have all that they may
    if (!this.#hasRoom(asker.type)) return this.#wait(signal)
    this.#count(signal, 1)
    return undefined
  }

  /** Runs the work in its turn. */
  async run<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const turn = this.take(signal)
    if (turn) await turn
    try {
      return await work()
    } finally {
      this.done(signal)
    }
  }

  done(signal: AbortSignal | undefined): void {
    if (!signal || !askerOf(signal)) return
    this.#count(signal, -1)
    const next = this.#next()
    if (!next) return
    this.#leave(next)
    this.#count(next.signal, 1)
    next.begin()
  }

  #hasRoom(type: string): boolean {
    return this.#taken < this.#most && (this.#ofType.get(type) ?? 0) < this.#mostOfType
  }

  #count(signal: AbortSignal, change: 1 | -1): void {
    const { request, type } = askerOf(signal)!
    this.#taken += change
    add(this.#ofRequest, request, change)
    add(this.#ofType, type, change)
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      }
      const begin = (): void => {
        settle()
        resolve()
      }
      const waiting = { signal, begin }
      const end = (error: unknown): void => {
        settle()
        this.#leave(waiting)
        reject(error)
      }
      const onAbort = (): void => end(signal.reason)
      const timer = setTimeout(() => end(this.#full()), this.#waitMs)
      signal.addEventListener('abort', onAbort)
      this.#waiting.push(waiting)
    })
  }

  #leave(waiting: Waiting): void {
    this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
  }

  #next(): Waiting | undefined {
    let best: Waiting | undefined
    let fewest = Number.POSITIVE_INFINITY
    for (const waiting of this.#waiting) {
      const { request, type } = askerOf(waiting.signal)!
      const underWay = this.#ofRequest.get(request) ?? 0
      if (underWay >= fewest || !this.#hasRoom(type)) continue
      best = waiting
      fewest = underWay
      if (underWay === 0) break
    }
    return best
  }
}

/** Without an entry for none: requests come and go. */
function add<K>(counts: Map<K, number>, key: K, change: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + change
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}
