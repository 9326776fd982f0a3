import { memberOf } from './json.ts'

/** Whether JSON writes a text as it is, a byte for each character. */
function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code < 32 || code > 126 || code === 34 || code === 92) return false
  }
  return true
}

/** Characters of a text that are written at a time: of a large one JSON may take six times as much. */
const piece = 16_384

/**
 * How many bytes a text takes in JSON, without its quotes: what is not English or needs escapes takes more than characters.
 *
 * @param enough where no more of the text is looked at.
 */
export function bytesInJson(text: string, enough = Number.POSITIVE_INFINITY): number {
  if (text.length < 100 && isPlain(text)) return text.length // a tenth of what asking JSON costs
  let bytes = 0
  for (let at = 0; at < text.length && bytes <= enough; at += piece)
    bytes += Buffer.byteLength(JSON.stringify(text.slice(at, at + piece))) - 2
  return bytes
}

/**
 * About how many bytes a value takes as text or as BSON: texts and bytes count, everything else is a few bytes. For
 * keeping batches small, at a fraction of what writing it out would cost.
 *
 * @param enough where no more of the value is looked at: what is returned past it is no more than a part.
 * @param sizeOf what a text counts as; default its characters, which costs least.
 */
export function weigh(
  value: unknown,
  enough = Number.POSITIVE_INFINITY,
  sizeOf = (text: string, _enough: number): number => text.length,
): number {
  const open: unknown[] = [value] // no recursion: whoever made it chose how deep it is nested
  let weight = 0
  while (open.length > 0 && weight <= enough) {
    const each = open.pop()
    if (typeof each === 'string') weight += sizeOf(each, enough - weight) + 4
    else if (ArrayBuffer.isView(each)) weight += each.byteLength + 4
    else {
      weight += 8
      if (Array.isArray(each)) for (const element of each) open.push(element)
      else if (typeof each === 'object' && each !== null) {
        for (const key in each) {
          weight += sizeOf(key, enough - weight) + 4
          open.push(memberOf(each, key))
        }
      }
    }
  }
  return weight
}

/** Whether a value weighs more than that; looks at no more of it than it takes to tell. */
export const weighsMore = (value: unknown, most: number): boolean => weigh(value, most) > most

/** Cuts a list into parts of at most so many bytes, and so many values, each; one that is heavier is alone. */
export function byWeight<T>(values: readonly T[], most: number, atMost = Number.POSITIVE_INFINITY): T[][] {
  const parts: T[][] = []
  let left = 0
  for (const value of values) {
    const weight = weigh(value)
    if (weight > left || (parts.at(-1)?.length ?? atMost) >= atMost) {
      parts.push([])
      left = most
    }
    parts.at(-1)!.push(value)
    left -= weight
  }
  return parts
}
