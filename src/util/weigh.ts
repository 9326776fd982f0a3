import { memberOf } from './json.ts'

/**
 * About how many bytes a value takes as text or as BSON: texts and bytes count, everything else is a few bytes. For
 * keeping batches small, at a fraction of what writing it out would cost.
 */
export function weigh(value: unknown): number {
  if (typeof value === 'string') return value.length + 4
  if (typeof value !== 'object' || value === null) return 8
  if (ArrayBuffer.isView(value)) return value.byteLength + 4
  let sum = 8
  if (Array.isArray(value)) for (const element of value) sum += weigh(element)
  else for (const key in value) sum += key.length + 4 + weigh(memberOf(value, key))
  return sum
}

/** Whether a value weighs more than that, likewise; looks at no more of it than it takes to tell. */
export function weighsMore(value: unknown, most: number): boolean {
  const open: unknown[] = [value] // no recursion: whoever made it chose how deep it is nested
  let weight = 0
  while (open.length > 0) {
    const each = open.pop()
    if (typeof each === 'string') weight += each.length + 4
    else if (typeof each !== 'object' || each === null) weight += 8
    else if (ArrayBuffer.isView(each)) weight += each.byteLength + 4
    else if (Array.isArray(each)) {
      weight += 8
      for (const element of each) open.push(element)
    } else {
      weight += 8
      for (const key in each) {
        weight += key.length + 4
        open.push(memberOf(each, key))
      }
    }
    if (weight > most) return true
  }
  return false
}

/** Cuts a list into parts of at most so many bytes each; one that is heavier is alone. */
export function byWeight<T>(values: readonly T[], most: number): T[][] {
  const parts: T[][] = []
  let left = 0
  for (const value of values) {
    const weight = weigh(value)
    if (weight > left || parts.length === 0) {
      parts.push([])
      left = most
    }
    parts.at(-1)!.push(value)
    left -= weight
  }
  return parts
}
