/** Lets so much work go on at a time; the rest waits for its turn. Below that it costs a count, where p-limit costs promises. */
export class Turns {
  readonly #most: number
  readonly #waiting: (() => void)[] = []
  #taken = 0

  constructor(most: number) {
    this.#most = most
  }

  /** Undefined where the work may begin at once. Whoever took a turn gives it back by `done`. */
  take(): Promise<void> | undefined {
    if (this.#taken++ < this.#most) return undefined
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  done(): void {
    this.#taken--
    this.#waiting.shift()?.()
  }
}
