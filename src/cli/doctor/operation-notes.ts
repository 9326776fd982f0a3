import type { IndexProposals } from '../../evidence/index-proposals.ts'
import type { Plan } from '../../stores/plan.ts'
import { type Origin, otherOrigin } from '../../util/origin.ts'
import type { Question } from './question.ts'
import { remedyOf } from './remedy.ts'

/** What was found of an operation in one store. */
export interface OperationNote {
  readonly operation: string
  /** `Query.movies`: the field whose statement it is, or a part of the operation. */
  readonly field: string
  readonly store: Origin
  readonly found: 'reads everything' | 'cannot be explained' | 'not reached'
  /** Tables or collections that are read as a whole, or why the rest cannot be told. */
  readonly of: readonly string[]
  /** Conditions of filters with which it is so; null for the operation as it is. */
  readonly by: readonly (string | null)[]
  /** PostgreSQL reads everything where MongoDB has an index for the same. */
  readonly worse: boolean
  /** What it asks about, and what can be done where it reads everything; null else. */
  readonly remedy: string | null
}

/** One statement of an operation, and its plan. */
export interface Explained {
  readonly operation: string
  readonly field: string
  readonly store: Origin
  readonly by: string | null
  readonly plan: Plan
  /** What was asked for it; empty for a statement that is written by hand. */
  readonly questions: readonly Question[]
}

const findings = { everything: 'reads everything', unknown: 'cannot be explained' } as const

const placeOf = ({ operation, field, by }: Explained, store: Origin): string =>
  JSON.stringify([store, operation, field, by])

/** What is to be said of the statements: one note an operation, field and store, and what is read. */
export function notesOf(
  explained: readonly Explained[],
  proposals: IndexProposals | null = null,
): readonly OperationNote[] {
  const served = new Map<string, boolean>()
  for (const each of explained) {
    const place = placeOf(each, each.store)
    served.set(place, (served.get(place) ?? true) && each.plan.reads === 'bounded')
  }
  const notes = new Map<string, OperationNote>()
  const asked = new Map<string, Question[]>()
  for (const each of explained) {
    const { operation, field, store, by, plan } = each
    if (plan.reads === 'bounded') continue
    const found = findings[plan.reads]
    const of = plan.reads === 'everything' ? plan.of : [plan.why]
    const isServedThere = served.get(placeOf(each, otherOrigin(store))) === true
    const worse = plan.reads === 'everything' && store === 'postgres' && isServedThere
    const key = JSON.stringify([operation, field, store, found, of, worse])
    const known = notes.get(key)?.by ?? []
    const note = { operation, field, store, found, of, worse, remedy: null }
    notes.set(key, { ...note, by: known.includes(by) ? known : [...known, by] })
    asked.set(key, [...(asked.get(key) ?? []), ...each.questions])
  }
  return [...notes].map(([key, note]) =>
    note.found === 'reads everything' ? { ...note, remedy: remedyOf(note.store, asked.get(key)!, proposals) } : note,
  )
}

const members = { mongo: 'document', postgres: 'row' } as const

/** A note in one line, which holds no value of a statement. */
export function lineOf({ operation, field, store, found, of, by, worse, remedy }: OperationNote): string {
  const filters = by.filter((each) => each !== null)
  const asked = [...(by.includes(null) && filters.length > 0 ? ['with and without a filter'] : [])]
  if (filters.length > 0) asked.push(`filter: ${filters.join(', ')}`)
  const how = asked.length > 0 ? ` (${asked.join('; ')})` : ''
  const where = `${operation}, ${field} in ${store}`
  if (found !== 'reads everything') return `${where}: ${found}${how}: ${of.join(', ')}`
  const served = worse ? 'no index serves it, but one does in MongoDB' : 'no index serves it'
  return `${where}: reads every ${members[store]} of ${of.join(', ')}${how}: ${served}. ${remedy}`
}
