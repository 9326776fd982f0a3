import { CrossfadeError } from '../util/errors.ts'
import { isPlainObject } from '../util/json.ts'

function check(value: unknown, place: string, most: number): void {
  const isList = Array.isArray(value)
  if ((isList || typeof value === 'string') && value.length > most) {
    const what = isList ? 'members' : 'characters'
    throw new CrossfadeError('BAD_USER_INPUT', `${place} must have at most ${most} ${what}, got ${value.length}.`)
  }
  if (isList) for (const [index, each] of value.entries()) check(each, `${place}[${index}]`, most)
  else if (isPlainObject(value))
    for (const [key, each] of Object.entries(value)) check(each, place === '' ? key : `${place}.${key}`, most)
}

/**
 * What a field is given that is written by hand for each store: a text may become a condition a word there, which no
 * store takes without end.
 *
 * @throws BAD_USER_INPUT that names the argument.
 */
export const checkTexts = (args: unknown, most: number): void => check(args, '', most)
