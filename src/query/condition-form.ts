import type { Scope } from '../entity/entity.ts'
import { leafAt, listAt } from '../entity/leaf-at.ts'
import { CrossfadeError } from '../util/errors.ts'
import { isPlainObject } from '../util/json.ts'
import type { Where } from './where.ts'

type Test = Exclude<Where['op'], 'and' | 'or' | 'not' | 'some'>

/** A member of a test, what it has to be, and whether a value is that. */
type Member = readonly [name: string, what: string, is: (value: unknown) => boolean]

const isText = (value: unknown): boolean => typeof value === 'string'

/** Values are looked at by their kinds. */
const any: readonly Member[] = [['value', 'a value', (value) => value !== undefined]]
const text: readonly Member[] = [['value', 'a text', isText]]
const list: Member = ['values', 'a list', Array.isArray]

const tests: Readonly<Record<Test, readonly Member[]>> = {
  eq: any,
  lt: any,
  lte: any,
  gt: any,
  gte: any,
  contains: text,
  startsWith: text,
  endsWith: text,
  in: [list],
  has: [list, ['need', '"some" or "every"', (value) => value === 'some' || value === 'every']],
  isEmpty: [['value', 'true or false', (value) => typeof value === 'boolean']],
}

const ofLists: ReadonlySet<Test> = new Set(['has', 'isEmpty'])

const wrong = (text: string): CrossfadeError => new CrossfadeError('MISCONFIGURED', text)

/** What somebody calls a test, or a member of one. */
const shown = (given: unknown): string => `"${String(given).slice(0, 40)}"`

function checkTest(scope: Scope, op: Test, given: Readonly<Record<string, unknown>>): void {
  const { path } = given
  if (!isText(path)) throw wrong(`A condition on ${scope.name} needs "path" to be a text for "${op}".`)
  const place = `${scope.name}.${path}`
  for (const [name, what, is] of tests[op])
    if (!is(given[name])) throw wrong(`A condition on ${place} needs "${name}" to be ${what} for "${op}".`)
  if (scope.lists.has(String(path))) return
  const isList = leafAt(scope, String(path)).list !== 'none'
  const asksNull = op === 'eq' && given['value'] === null
  if (isList !== ofLists.has(op) && !asksNull) throw wrong(`${place} cannot be asked "${op}".`)
}

/**
 * Looks at the form of a condition, which may be somebody's own: of `where` and `parseFilter` it is right. The compiler
 * tells whoever asks it.
 *
 * @throws MISCONFIGURED for what is no condition, with the type, the field and the test.
 */
export function checkForm(scope: Scope, given: unknown): asserts given is Where {
  if (!isPlainObject(given)) throw wrong(`A part of a condition on ${scope.name} is none: where() makes them.`)
  const { op } = given
  if (op === 'and' || op === 'or') {
    const { of } = given
    if (!Array.isArray(of)) throw wrong(`A condition on ${scope.name} needs "of" to be a list for "${op}".`)
    for (const part of of) checkForm(scope, part)
  } else if (op === 'not') checkForm(scope, given['of'])
  else if (op === 'some') checkForm(listAt(scope, String(given['path'])), given['where'])
  else if (typeof op === 'string' && Object.hasOwn(tests, op)) checkTest(scope, op as Test, given)
  else throw wrong(`A condition on ${scope.name} has no test ${shown(op)}.`)
}
