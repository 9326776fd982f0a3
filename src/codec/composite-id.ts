import { CrossfadeError } from '../util/errors.ts'
import { isPlainObject } from '../util/json.ts'
import { onceFor } from '../util/once-for.ts'
import { badValue } from './bad-value.ts'
import { bySize } from './by-size.ts'
import { type IdParts, type PartKind, type PartValues, partCodecs } from './id-part.ts'
import type { Kind } from './kind.ts'

const form = /^(?:[0-9a-f]{2})+$/

const bad = (id: unknown): CrossfadeError => badValue('id', id, 'the hex digits that idOf makes of its parts')

/**
 * The id that says these values: lower-case hex digits of the parts' bytes, one part behind the other, so that text order
 * is the order of the parts, as MongoDB has it.
 *
 * @throws BAD_USER_INPUT for a value that is not of its part's kind, one that is missing, and one too many.
 */
export function packId(parts: IdParts, values: Readonly<Record<string, unknown>>): string {
  if (!isPlainObject(values))
    throw new CrossfadeError('BAD_USER_INPUT', `an id is an object with ${Object.keys(parts).join(' and ')}.`)
  for (const name of Object.keys(values))
    if (!Object.hasOwn(parts, name)) throw new CrossfadeError('BAD_USER_INPUT', `an id has no part "${name}".`)
  const bytes = Object.entries(parts).map(([name, kind]) => {
    try {
      return partCodecs[kind].write(Object.hasOwn(values, name) ? values[name] : undefined)
    } catch (error) {
      if (!(error instanceof CrossfadeError)) throw error
      throw new CrossfadeError(error.code, `${name}: ${error.message}`, { cause: error })
    }
  })
  return Buffer.concat(bytes).toString('hex')
}

/** What an id says, in the order of the parts. @throws BAD_USER_INPUT for a text that is none of these parts. */
export function unpackId<P extends IdParts>(parts: P, id: string): PartValues<P>
export function unpackId(parts: IdParts, id: string): Record<string, unknown> {
  if (!form.test(id)) throw bad(id)
  const bytes = Buffer.from(id, 'hex')
  const values: Record<string, unknown> = {}
  let at = 0
  for (const [name, kind] of Object.entries(parts)) {
    const { value, length } = partCodecs[kind].read(bytes.subarray(at))
    values[name] = value
    at += length
  }
  // Bytes that are cut short, or no text, come out as others
  if (at !== bytes.length || !isSaid(parts, values, id)) throw bad(id)
  return values
}

function isSaid(parts: IdParts, values: Readonly<Record<string, unknown>>, id: string): boolean {
  try {
    return packId(parts, values) === id
  } catch (error) {
    if (error instanceof CrossfadeError) return false
    throw error
  }
}

/**
 * An id that is an object of these parts, as one text: what keys of maps, cursors, addresses and GraphQL's `ID` can hold,
 * and one column.
 */
export const compositeIdKind = onceFor((parts: IdParts): Kind<string> => {
  const parse = (value: unknown): string => {
    const lower = typeof value === 'string' ? value.toLowerCase() : ''
    if (!form.test(lower)) throw bad(value)
    unpackId(parts, lower)
    return lower
  }
  return { name: 'compositeId', queries: 'order', parse, toJson: (value) => value, compare: bySize, fromJson: parse }
})

/** Kinds that a part of an id may be of. */
export const isPartKind = (kind: string | null): kind is PartKind => kind !== null && Object.hasOwn(partCodecs, kind)
