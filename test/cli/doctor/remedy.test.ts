import { defineEntity, int, json, list, text, timestamp } from 'crossfade'
import { expect, test } from 'vitest'
import { overheard, type Question } from '../../../src/cli/doctor/question.ts'
import { remedyOf } from '../../../src/cli/doctor/remedy.ts'
import type { Entity } from '../../../src/entity/entity.ts'
import { fieldSet } from '../../../src/entity/field-set.ts'
import { indexProposals } from '../../../src/evidence/index-proposals.ts'
import { everything, type Where } from '../../../src/query/where.ts'
import type { Reader } from '../../../src/stores/store.ts'

const Trip: Entity = defineEntity('Trip', {
  mongo: 'trips',
  postgres: 'trips',
  id: int(),
  fields: { boat: text(), crew: int(), plot: text(), tags: list(text()), log: json({ 'a.b': int() }) },
})

/** Of which lists show what is not deleted. */
const Note: Entity = defineEntity('Note', {
  mongo: 'notes',
  postgres: 'notes',
  id: int(),
  defaultScope: { deletedAt: { eq: null } },
  fields: { boat: text(), plot: text(), deletedAt: timestamp() },
})

/** What the questions of a reader are, which answers nothing. */
function asked(ask: (reader: Reader) => void): readonly Question[] {
  const questions: Question[] = []
  const silent = new Proxy({}, { get: () => async () => [] }) as Reader
  ask(overheard(silent, (question) => questions.push(question)))
  return questions
}

const page = (where: Where, ...paths: string[]) =>
  asked(({ query }) => {
    const order = [...paths, 'id'].map((path) => ({ path, direction: 'asc' as const }))
    void query(Trip, { where, order, limit: 5, fields: fieldSet(Trip, ['boat']) })
  })

/** Proposals of a schema in which no name is taken. */
const proposals = () => indexProposals({ run: async () => [] } as never)

const eq = (path: string): Where => ({ op: 'eq', path, value: 'zebra' })
const contains: Where = { op: 'contains', path: 'plot', value: 'zebra' }
const statement = 'create index concurrently "trips_boat_id_idx" on "trips" ("boat" nulls first, "id");'

test.each<[string, readonly Question[], string]>([
  ['one field that all must meet', page(eq('boat'), 'crew'), `It filters by boat and orders by crew: ${statement}`],
  ['it among others', page({ op: 'and', of: [eq('boat'), contains] }), `It filters by boat, plot: ${statement}`],
  [
    'several',
    page({ op: 'and', of: [eq('boat'), eq('crew')] }),
    'It filters by boat, crew: an index can serve boat, crew.',
  ],
  ['a part of a text', page(contains, 'crew'), 'It filters by plot and orders by crew: no index can serve that.'],
  [
    'one of two',
    page({ op: 'or', of: [eq('boat'), eq('crew')] }),
    'It filters by boat, crew: no index can serve that.',
  ],
  ['what is not so', page({ op: 'not', of: eq('boat') }), 'It filters by boat: no index can serve that.'],
  [
    'without regard to case',
    page({ op: 'eq', path: 'boat', value: 'a', insensitive: true }),
    'It filters by boat: no index can serve that.',
  ],
  ['inside of json', page(eq('log.a.b')), 'It filters by log.a.b: no index can serve that.'],
  ['an order alone', page(everything, 'boat'), `It orders by boat: ${statement}`],
  [
    'all there is',
    asked(({ count }) => void count(Trip, everything)),
    'It asks for all there is: no index can serve that.',
  ],
  [
    'children',
    asked(({ countPer }) => void countPer(Trip, 'boat', ['zebra'], contains)),
    `It filters by boat, plot: ${statement}`,
  ],
  [
    'what is tried, some in vain',
    [...page(eq('boat')), ...page(contains)],
    `It filters by boat, plot: ${statement} The rest no index can serve.`,
  ],
  ['nothing of a reader', [], 'Its statement is written by hand: whether an index can serve it is to be seen there.'],
])('what can be done about %s', async (_, questions, line) => {
  expect(remedyOf('postgres', questions, await proposals())).toBe(line)
})

test('a statement is told once, and in PostgreSQL', async () => {
  const given = await proposals()
  expect(remedyOf('postgres', page(eq('boat')), given)).toContain(statement)
  expect(remedyOf('postgres', page(eq('boat')), given)).toBe(
    'It filters by boat: an index on boat that is proposed above can serve it.',
  )
  expect(remedyOf('mongo', page(eq('boat')), given)).toBe('It filters by boat: an index on boat can serve it.')
})

test('of what the scope of a type asks of every list no index is proposed', async () => {
  const ofNotes = (where: Where) =>
    asked(({ count }) => void count(Note, { op: 'and', of: [{ op: 'eq', path: 'deletedAt', value: null }, where] }))
  const given = await proposals()
  const told = (where: Where): string => remedyOf('postgres', ofNotes(where), given)
  expect(told(everything)).toBe('It filters by deletedAt: no index can serve that.')
  expect(told(eq('boat'))).toBe(
    'It filters by deletedAt, boat: create index concurrently "notes_boat_id_idx" on "notes" ("boat" nulls first, "id");',
  )
  expect(told(contains)).toBe('It filters by deletedAt, plot: no index can serve that.')
})
