import { PastLimit } from '../routing/past-limit.ts'
import { CrossfadeError } from '../util/errors.ts'
import { isPlainObject } from '../util/json.ts'

function check(value: unknown, place: string, most: number, own: string | null, seen: Set<unknown>): void {
  if (typeof value === 'object' && value !== null) {
    // A variable may stand in a list any number of times
    if (seen.has(value)) return
    seen.add(value)
  }
  const isList = Array.isArray(value)
  if ((isList || typeof value === 'string') && value.length > most) {
    const what = isList ? 'members' : 'characters'
    const fact = `${place} must have at most ${most} ${what}, got ${value.length}`
    throw own === null
      ? new PastLimit('textLength', value.length, fact)
      : new CrossfadeError('BAD_USER_INPUT', `${fact} (textLength of ${own}).`)
  }
  if (isList) for (const [index, each] of value.entries()) check(each, `${place}[${index}]`, most, own, seen)
  else if (isPlainObject(value))
    for (const [key, each] of Object.entries(value))
      check(each, place === '' ? key : `${place}.${key}`, most, own, seen)
}

/**
 * What a field is given that is written by hand for each store: a text may become a condition a word there, which no
 * store takes without end.
 *
 * @param own the field whose own bound it is; null for the one of the config.
 * @throws BAD_USER_INPUT that names the argument and the bound.
 */
export const checkTexts = (args: unknown, most: number, own: string | null): void =>
  check(args, '', most, own, new Set())
