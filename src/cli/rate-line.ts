/** How far a job is. */
export interface Rate {
  readonly done: number
  /** About; null where nobody knows. */
  readonly total: number | null
  /** Of those that are done, what an earlier run had done; default: nothing. */
  readonly before?: number
}

/** Between two lines, in milliseconds: a terminal's is written over, others are kept. */
const everyMs = { terminal: 100, elsewhere: 1_000 }

/** Units a second since a time of `performance.now()`, and how many seconds are left; null where nobody knows. */
export function paceOf(
  { done, total, before = 0 }: Rate,
  began: number,
): { perSecond: number; secondsLeft: number | null } {
  const perSecond = Math.round(((done - before) * 1_000) / Math.max(1, performance.now() - began))
  const isKnown = total !== null && perSecond > 0
  return { perSecond, secondsLeft: isKnown ? Math.ceil(Math.max(0, total - done) / perSecond) : null }
}

const inWords = (seconds: number): string => (seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`)

/** Progress on stderr with rate and time left: one line that is written over on a terminal, JSON lines elsewhere. */
export class RateLine {
  readonly #job: string
  readonly #type: string
  readonly #began = performance.now()
  #told = Number.NEGATIVE_INFINITY

  constructor(job: string, type: string) {
    this.#job = job
    this.#type = type
  }

  /** @param more what else is counted. */
  show({ done, total, before = 0 }: Rate, more: Readonly<Record<string, number>>): void {
    const now = performance.now()
    const { isTTY } = process.stderr
    if (now - this.#told < (isTTY ? everyMs.terminal : everyMs.elsewhere)) return
    this.#told = now
    const { perSecond, secondsLeft } = paceOf({ done, total, before }, this.#began)
    if (!isTTY) {
      const line = { job: this.#job, type: this.#type, done, total, perSecond, secondsLeft, ...more }
      process.stderr.write(`${JSON.stringify(line)}\n`)
      return
    }
    const of = total === null ? '' : ` of about ${total}`
    const left = secondsLeft === null ? '' : `, ${inWords(secondsLeft)} left`
    const counted = Object.entries(more).flatMap(([name, count]) => (count > 0 ? `, ${count} ${name}` : []))
    // The rest of a longer line that stood there is blanked
    process.stderr.write(`\r\u001b[K${this.#type}: ${done}${of}, ${perSecond} a second${left}${counted.join('')}`)
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\n')
  }
}
