import { badValue } from './bad-value.ts'
import type { Kind } from './kind.ts'

function parse(value: unknown): string {
  if (typeof value !== 'string') throw badValue('text', value, 'a string')
  if (value.includes('\0'))
    throw badValue('text', value, 'a string without the character NUL, which Postgres cannot hold')
  if (!value.isWellFormed()) throw badValue('text', value, 'well-formed Unicode (it has a lone surrogate)')
  return value
}

/** A Unicode string; equal and ordered by code point, with no normalisation. */
export const textKind: Kind<string> = {
  name: 'text',
  queries: 'order',
  parse,
  toJson: (value) => value,
  fromJson: parse,
}
