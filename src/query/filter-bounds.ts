import { CrossfadeError } from '../util/errors.ts'
import { isPlainObject } from '../util/json.ts'

/** Bounds of one filter: past them a store would refuse, or be busy with one client for long. */
const maxDepth = 30
export const maxValues = 10_000
export const maxParts = 1_000
/** In all of it: Postgres binds 65,535 values to a statement, MongoDB takes 16 MB and looks at each condition alone. */
const maxPartsInAll = 10_000
const maxValuesInAll = 20_000
/** Characters; MongoDB takes patterns of about 32,000, and each letter is up to a few of them. */
const maxNeedle = 1_000

/** What a filter may still hold. */
export class Budget {
  #parts = maxPartsInAll
  #values = maxValuesInAll
  /** A test without a value was met, which asks nothing. */
  leftOut = false

  /** @returns the condition that is left of it: none. */
  leaveOut(): [] {
    this.leftOut = true
    return []
  }

  /** For one filter inside of it, or for one condition on so many values. */
  spend(values: number): void {
    this.#parts -= 1
    this.#values -= values
    if (this.#parts >= 0 && this.#values >= 0) return
    const most = `${maxPartsInAll} filters and conditions and ${maxValuesInAll} values`
    throw new CrossfadeError('BAD_USER_INPUT', `The filter is too large: it must hold at most ${most} in all.`)
  }
}

const bad = (name: string, expected: string): never => {
  throw new CrossfadeError('BAD_USER_INPUT', `${name}: ${expected} is expected.`)
}

/** A list of at most so many. */
export function bounded(name: string, values: unknown, most: number, what: string): readonly unknown[] {
  if (!Array.isArray(values)) return bad(name, 'a list')
  if (values.length > most)
    throw new CrossfadeError('BAD_USER_INPUT', `${name} must hold at most ${most} ${what}, got ${values.length}.`)
  return values
}

/** A filter, or the tests of a field. */
export const conditions = (name: string, value: unknown): Readonly<Record<string, unknown>> =>
  isPlainObject(value) ? value : bad(name, 'an object')

export const flag = (name: string, value: unknown): boolean =>
  typeof value === 'boolean' ? value : bad(name, 'true or false')

export function checkDepth(depth: number): void {
  if (depth > maxDepth)
    throw new CrossfadeError('BAD_USER_INPUT', `The filter must be nested at most ${maxDepth} deep.`)
}

/** What is looked for by a pattern. */
export function checkNeedles(path: string, name: string, needles: readonly unknown[]): void {
  if (needles.some((needle) => typeof needle === 'string' && needle.length > maxNeedle))
    throw new CrossfadeError('BAD_USER_INPUT', `${path}.${name} must look for at most ${maxNeedle} characters.`)
}
