import type { Document } from 'mongodb'

/** Ends of an interval that no value of a question has set: the first and the last of all values, or of those of a type. */
const extremes: readonly RegExp[] = [
  /^(MinKey|MaxKey|null|undefined|true|false)$/,
  /^(""|\{\}|\[\])$/,
  /^-?(inf|Infinity|nan|NaN)(\.0)?$/,
  /^-?1\.797693134862315[78]e\+?308$/i,
  /^ObjectId\('(0{24}|f{24})'\)$/,
  /^new Date\(-?922337203685477580[78]\)$/,
  /^Timestamp\((0, 0|4294967295, 4294967295)\)$/,
  /^BinData\(0, (""|'')?\)$/,
]

const isExtreme = (end: string): boolean => extremes.some((form) => form.test(end))

/** The two ends of an interval as the server writes it: `["a", "b")`. Null for another form. */
function endsOf(interval: string): readonly [string, string] | null {
  const inner = /^[[(](.*)[\])]$/s.exec(interval)?.[1]
  if (inner === undefined) return null
  let quote: string | null = null
  let depth = 0
  for (let at = 0; at < inner.length; at++) {
    const sign = inner[at]!
    if (quote !== null) {
      if (sign === '\\') at++
      else if (sign === quote) quote = null
    } else if (sign === '"' || sign === "'") quote = sign
    else if ('([{'.includes(sign)) depth++
    else if (')]}'.includes(sign)) depth--
    else if (sign === ',' && depth === 0) return [inner.slice(0, at).trim(), inner.slice(at + 1).trim()]
  }
  return null
}

/**
 * Whether intervals, in the order in which they are scanned, leave nothing out but single values: from the first to the
 * last of all values, or of those of one type, such as all texts for a part of one. Null for an unknown form.
 */
export function coversAll(intervals: readonly string[]): boolean | null {
  const joined: [string, string][] = []
  for (const interval of intervals) {
    const ends = endsOf(interval)
    if (ends === null) return null
    const [first, last] = ends
    const before = joined.at(-1)
    // All but one value: `[MinKey, "a")` and `("a", MaxKey]`
    if (before?.[1] === first && first !== last) before[1] = last
    else joined.push([first, last])
  }
  return joined.some(([first, last]) => first !== last && isExtreme(first) && isExtreme(last))
}

/** A value as the server writes it in an interval; other values are no ends of anything, and all alike. */
function written(value: unknown): string {
  const type = (value as { readonly _bsontype?: string } | null)?._bsontype
  if (type === 'MinKey' || type === 'MaxKey') return type
  if (type === 'ObjectId') return `ObjectId('${String(value)}')`
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value)
  return value === '' ? '""' : 'a value'
}

/** The interval of the first key between two keys of an index, as a count by an index has it. */
export function intervalOf(start: Document, end: Document): string {
  const [first, last] = [start, end].map((key) => written(Object.values(key)[0]))
  return `[${first}, ${last === first ? `${last} or another` : last}]`
}
