import { memberOf } from './json.ts'

/**
 * About how many bytes a value takes as text or as BSON: texts and bytes count, everything else is a few bytes. For
 * keeping batches small, at a fraction of what writing it out would cost.
 *
 * @param enough where no more of the value is looked at: what is returned past it is no more than a part.
 */
export function weigh(value: unknown, enough = Number.POSITIVE_INFINITY): number {
  const open: unknown[] = [value] // no recursion: whoever made it chose how deep it is nested
  let weight = 0
  while (open.length > 0 && weight <= enough) {
    const each = open.pop()
    if (typeof each === 'string') weight += each.length + 4
    else if (ArrayBuffer.isView(each)) weight += each.byteLength + 4
    else {
      weight += 8
      if (Array.isArray(each)) for (const element of each) open.push(element)
      else if (typeof each === 'object' && each !== null) {
        for (const key in each) {
          weight += key.length + 4
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
