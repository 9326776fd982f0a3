/** Subjects that are kept in mind at most, each with each of its types. */
const most = 100_000

/**
 * Who wrote a type lately, so that he reads what he wrote: a share of reads goes to the mirror, which may be behind by its
 * bound. Kept by each gateway of its own clients.
 */
export class RecentWrites {
  readonly #keepMs: number
  /** By type and subject until when, by the monotonic clock; the oldest first. */
  readonly #until = new Map<string, number>()
  /** Until then everybody counts: there were more than can be kept. */
  #everybodyUntil = Number.NEGATIVE_INFINITY

  /** @param keepMs longer than the mirror's bound, in milliseconds. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs
  }

  note(type: string, subject: string): void {
    const now = performance.now()
    const until = now + this.#keepMs
    for (const [key, over] of this.#until) {
      if (over > now) break
      this.#until.delete(key)
    }
    if (this.#until.size >= most) this.#everybodyUntil = until
    else {
      const key = `${type}\n${subject}`
      this.#until.delete(key) // to the end
      this.#until.set(key, until)
    }
  }

  has(type: string, subject: string): boolean {
    const now = performance.now()
    return now < this.#everybodyUntil || now < (this.#until.get(`${type}\n${subject}`) ?? now)
  }
}
