import { badValue } from './bad-value.ts'
import type { Kind } from './kind.ts'

function parse(value: unknown): string {
  if (typeof value !== 'string') throw badValue('text', value, 'a string')
  if (value.includes('\0'))
    throw badValue('text', value, 'a string without the character NUL, which Postgres cannot hold')
  if (!value.isWellFormed()) throw badValue('text', value, 'well-formed Unicode (it has a lone surrogate)')
  return value
}

/** Code units of surrogates stand below those from U+E000 on, though what they encode stands above. */
const inCodePoints = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)

/**
 * By code points, as MongoDB has texts without a collation and PostgreSQL under `COLLATE "C"`. JavaScript's own order is by
 * UTF-16 code units.
 */
function compare(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const [one, other] = [a.charCodeAt(index), b.charCodeAt(index)]
    if (one !== other) return inCodePoints(one) - inCodePoints(other)
  }
  return a.length - b.length
}

/** A Unicode string; equal and ordered by code point, with no normalisation. */
export const textKind: Kind<string> = {
  name: 'text',
  queries: 'order',
  parse,
  toJson: (value) => value,
  compare,
  fromJson: parse,
}
