import type { Progress } from '../jobs/checkpoint.ts'

/** Progress on stderr: one line that is written over on a terminal, JSON lines elsewhere. */
export class ProgressLine {
  readonly #type: string

  constructor(type: string) {
    this.#type = type
  }

  show(progress: Progress): void {
    const { seen, total, copied, mended, removed, quarantined, refused } = progress
    if (!process.stderr.isTTY) {
      process.stderr.write(
        `${JSON.stringify({ job: 'backfill', type: this.#type, seen, total, copied, mended, removed, quarantined, refused })}\n`,
      )
      return
    }
    const odd = quarantined + refused > 0 ? `, ${quarantined + refused} kept out` : ''
    process.stderr.write(
      `\r${this.#type}: ${seen} of ${total === null ? 'an unknown number' : `about ${total}`}, ${copied} copied${odd}`,
    )
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\n')
  }
}
