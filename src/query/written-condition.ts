import type { Scope } from '../entity/entity.ts'
import { CrossfadeError } from '../util/errors.ts'
import { checkForm } from './condition-form.ts'
import { isWidened } from './parse-filter.ts'
import { parseWhere } from './parse-where.ts'
import { asksNothing, everything, type Where } from './where.ts'

const isCondition = (given: unknown): boolean => typeof given === 'object' && given !== null && 'op' in given

/** @throws MISCONFIGURED for what is no condition: a filter as a client gives it has to be read first. */
export function askedCondition(scope: Scope, given: unknown): Where {
  if (!isCondition(given))
    throw new CrossfadeError('MISCONFIGURED', `A filter on ${scope.name} is made by parseFilter() or where().`)
  checkForm(scope, given)
  return parseWhere(scope, given)
}

/** @param more what a condition would do that asks less than was meant. */
function stated(scope: Scope, given: unknown, more: string): Where {
  if (!isCondition(given))
    throw new CrossfadeError('MISCONFIGURED', `A condition on ${scope.name} is made by where(), or is \`everything\`.`)
  checkForm(scope, given)
  if (!isWidened(given) && (given === everything || !asksNothing(given))) return parseWhere(scope, given)
  const why = `has a test without a value, or none, and would ${more} more than was meant`
  const remedy = 'Give the value, leave the test out, or say `everything`'
  throw new CrossfadeError('BAD_USER_INPUT', `A condition on ${scope.name} ${why}. ${remedy}.`)
}

/**
 * A condition by which is written: of records, or of the members of a list. A test without a value asks nothing, and so does
 * a filter without a test: what is written by it is more than was meant. All are meant by `everything` alone.
 *
 * @throws BAD_USER_INPUT for what asks nothing, and for values that are not of their kind; MISCONFIGURED for what is
 * no condition.
 */
export const writtenCondition = (scope: Scope, given: unknown): Where => stated(scope, given, 'write')

/** The same of which records a field shows: it is often who may see them. @throws likewise. */
export const shownCondition = (scope: Scope, given: unknown): Where => stated(scope, given, 'show')
