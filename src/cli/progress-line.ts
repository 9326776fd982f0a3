import type { Progress } from '../jobs/backfill-options.ts'

const inWords = (processes: number): string => (processes === 1 ? '1 process' : `${processes} processes`)

/** Progress on stderr: one line that is written over on a terminal, JSON lines elsewhere. */
export class ProgressLine {
  readonly #type: string

  constructor(type: string) {
    this.#type = type
  }

  show(progress: Progress): void {
    const { seen, total, quarantined, refused, copied, ranges, rangesDone, owners } = progress
    if (!process.stderr.isTTY) {
      const { type: _, done: __, ...counts } = progress
      process.stderr.write(`${JSON.stringify({ job: 'backfill', type: this.#type, ...counts })}\n`)
      return
    }
    const odd = quarantined + refused > 0 ? `, ${quarantined + refused} kept out` : ''
    const shared = ranges > 1 ? `, ${rangesDone} of ${ranges} ranges, ${inWords(owners.length)} at it` : ''
    process.stderr.write(
      // The rest of a longer line that stood there is blanked
      `\r\u001b[K${this.#type}: ${seen} of ${total === null ? 'an unknown number' : `about ${total}`}, ${copied} copied${odd}${shared}`,
    )
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\n')
  }
}
