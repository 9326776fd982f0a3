import { styleText } from 'node:util'
import { plain } from './plain.ts'

/** A reader that has read enough, as `head`, is no fault: the rest of a command's lines is for nobody. */
export function allowReadersToLeave(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
}

/** Data goes to stdout; everything else to stderr. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? String(each) : each), 2)}\n`)
}

/** A line for people. Ids and values are what clients have written: a terminal obeys nothing in them. */
export function tell(line: string): void {
  process.stdout.write(`${plain(line)}\n`)
}

/** A table of left-aligned columns, likewise. */
export function printTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const text = [head, ...rows].map((row) => row.map((cell) => plain(String(cell))))
  const widths = head.map((_, column) => Math.max(...text.map((row) => row[column]!.length)))
  for (const row of text) {
    process.stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd()}\n`,
    )
  }
}

/** One line of progress, in plain words. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

export function warn(line: string): void {
  const stream = process.stderr
  stream.write(`${styleText('yellow', line, { stream })}\n`)
}
