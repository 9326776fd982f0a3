import type { ProfileProgress } from '../../jobs/profile.ts'
import { grouped } from '../plain.ts'
import { paceOf } from '../rate-line.ts'

/** What is shown of a profile that is under way, at most four times a second; JSON lines once a second. */
export class ProfileProgressLine {
  readonly #type: string
  readonly #began = performance.now()
  #next = 0
  #isOpen = false

  constructor(type: string) {
    this.#type = type
  }

  show({ read, total }: ProfileProgress): void {
    const now = performance.now()
    const isTerminal = process.stderr.isTTY === true
    if (now < this.#next && read !== total) return
    this.#next = now + (isTerminal ? 250 : 1_000)
    const { perSecond: rate, secondsLeft } = paceOf({ done: read, total }, this.#began)
    if (!isTerminal) {
      process.stderr.write(`${JSON.stringify({ job: 'profile', type: this.#type, read, total, rate, secondsLeft })}\n`)
      return
    }
    this.#isOpen = true
    const of = total === null ? '' : ` of about ${grouped(Math.max(read, total))}`
    const left = secondsLeft === null ? '' : `, ${secondsLeft} s left`
    process.stderr.write(`\r\u001b[K${this.#type}: ${grouped(read)}${of} documents, ${grouped(rate)} a second${left}`)
  }

  /** What is written next begins a line of its own. */
  end(): void {
    if (this.#isOpen) process.stderr.write('\n')
    this.#isOpen = false
  }
}
