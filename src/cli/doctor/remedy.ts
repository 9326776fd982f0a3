import { leafAt } from '../../entity/leaf-at.ts'
import type { IndexProposals } from '../../evidence/index-proposals.ts'
import { scopeKeys } from '../../evidence/scope-keys.ts'
import type { Origin } from '../../util/origin.ts'
import type { Question } from './question.ts'

const listed = (names: readonly string[]): string => [...new Set(names)].join(', ')

/** What the statements of a line ask about: names of fields. */
function about(questions: readonly Question[]): string {
  const filters = listed(questions.flatMap((question) => question.filters.map(({ path }) => path)))
  const orders = listed(questions.flatMap((question) => question.orders))
  const parts = [
    ...(filters === '' ? [] : [`filters by ${filters}`]),
    ...(orders === '' ? [] : [`orders by ${orders}`]),
  ]
  return parts.length === 0 ? 'It asks for all there is' : `It ${parts.join(' and ')}`
}

/**
 * The fields of which one index each would do: those that all must meet, else the first of the order. What the scope of the
 * type asks of every list is met by nearly all records.
 */
function candidates({ entity, filters, orders }: Question): readonly string[] {
  const { fixed, absent } = scopeKeys(entity)
  const own = filters.filter(({ path }) => ![...fixed, ...absent].some((leaf) => leaf.path === path))
  if (own.length > 0) return own.filter(({ plain }) => plain).map(({ path }) => path)
  return orders.slice(0, 1)
}

/**
 * What can be done about a statement that reads everything: where one field of one type is what is missing, PostgreSQL's
 * statement for it.
 *
 * @param questions what was asked; empty for a statement that is written by hand.
 */
export function remedyOf(store: Origin, questions: readonly Question[], proposals: IndexProposals | null): string {
  if (questions.length === 0)
    return 'Its statement is written by hand: whether an index can serve it is to be seen there.'
  const fields = new Map(
    questions.flatMap((question) =>
      candidates(question).map((path) => [`${question.entity.name}.${path}`, { question, path }]),
    ),
  )
  const [only] = [...fields.values()]
  if (only === undefined) return `${about(questions)}: no index can serve that.`
  const isServed = questions.every((question) => candidates(question).length > 0)
  const rest = isServed ? '' : ' The rest no index can serve.'
  const names = listed([...fields.values()].map(({ path }) => path))
  if (fields.size > 1) return `${about(questions)}: an index can serve ${names}.${rest}`
  const { entity } = only.question
  if (store === 'mongo' || proposals === null) return `${about(questions)}: an index on ${names} can serve it.${rest}`
  const keys = [...new Set([leafAt(entity, only.path).column, 'id'])].map(
    (column) => ({ column, direction: 'asc', nullable: column !== 'id' }) as const,
  )
  const statement = proposals.propose(entity.postgres, keys)
  return `${about(questions)}: ${statement ?? `an index on ${names} that is proposed above can serve it.`}${rest}`
}
