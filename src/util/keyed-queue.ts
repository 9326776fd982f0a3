/** What keeps a queue of a key within its bounds. */
export interface QueueBounds {
  /** How long its work waits for its turn at most, in milliseconds. */
  readonly waitMs: number
  /** Waits at a time. */
  readonly most: number
  /** What work is refused by, which has not begun. */
  refused(): Error
}

/** Runs work one at a time for each key, in the order it came; different keys run side by side. */
export class KeyedQueue {
  /** By key, while work of it is under way: who waits for its turn. */
  readonly #waiting = new Map<string, (() => void)[]>()

  /** @throws what the bounds refuse by, where the work has not begun in time. */
  async run<T>(key: string, bounds: QueueBounds, work: () => Promise<T>): Promise<T> {
    const waiting = this.#waiting.get(key)
    if (waiting) await turn(waiting, bounds)
    else this.#waiting.set(key, [])
    try {
      return await work()
    } finally {
      this.#next(key)
    }
  }

  #next(key: string): void {
    const begin = this.#waiting.get(key)!.shift()
    if (begin) begin()
    else this.#waiting.delete(key)
  }
}

function turn(waiting: (() => void)[], { waitMs, most, refused }: QueueBounds): Promise<void> {
  return new Promise((resolve, reject) => {
    if (waiting.length >= most) return reject(refused())
    const begin = (): void => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(() => {
      waiting.splice(waiting.indexOf(begin), 1)
      reject(refused())
    }, waitMs)
    waiting.push(begin)
  })
}
