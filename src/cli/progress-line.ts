import type { Progress } from '../jobs/backfill.ts'

/** Progress on stderr: one line that is written over on a terminal, JSON lines elsewhere. */
export class ProgressLine {
  readonly #type: string

  constructor(type: string) {
    this.#type = type
  }

  show(progress: Progress): void {
    const { seen, total, copied, quarantined, blocked } = progress
    if (!process.stderr.isTTY) {
      process.stderr.write(
        `${JSON.stringify({ job: 'backfill', type: this.#type, seen, total, copied, quarantined, blocked })}\n`,
      )
      return
    }
    const odd = quarantined + blocked > 0 ? `, ${quarantined + blocked} kept out` : ''
    process.stderr.write(`\r${this.#type}: ${seen} of ${total}, ${copied} copied${odd}`)
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\n')
  }
}
