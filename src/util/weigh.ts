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
