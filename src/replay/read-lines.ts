import { createReadStream } from 'node:fs'

/** A line of a file; null in the place of one that is longer than it may be. */
export interface Line {
  readonly number: number
  readonly text: string | null
  /** False for what stands behind the last end of a line: it may have been cut off. */
  readonly isWhole: boolean
}

const newline = 0x0a

/** Bytes of a line of a recording; gateways write shorter ones. */
export const maxLine = 4_000_000

/** Null where the text is no JSON. */
export function jsonIn(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return null
  }
}

/** The lines of a file, of which no more is held than one of them. @param most bytes of a line. */
export async function* readLines(file: string, most: number): AsyncGenerator<Line, void> {
  let parts: Buffer[] = []
  let length = 0
  let number = 0
  const take = (part: Buffer): void => {
    length += part.length
    if (length > most) parts = []
    else if (part.length > 0) parts.push(part)
  }
  const line = (isWhole: boolean): Line => {
    const text = length > most ? null : Buffer.concat(parts).toString()
    parts = []
    length = 0
    return { number: ++number, text, isWhole }
  }
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      take(chunk.subarray(start, end))
      yield line(true)
      start = end + 1
    }
    take(Buffer.from(chunk.subarray(start)))
  }
  if (length > 0) yield line(false)
}
