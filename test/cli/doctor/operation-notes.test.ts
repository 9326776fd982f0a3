import { expect, test } from 'vitest'
import { type Explained, lineOf, notesOf } from '../../../src/cli/doctor/operation-notes.ts'
import type { Plan } from '../../../src/stores/plan.ts'
import type { Origin } from '../../../src/util/origin.ts'

const bounded: Plan = { reads: 'bounded' }
const whole: Plan = { reads: 'everything', of: ['movies'] }
const unknown: Plan = { reads: 'unknown', why: 'its plan is a secret' }

const byHand = 'Its statement is written by hand: whether an index can serve it is to be seen there.'

const one = (store: Origin, plan: Plan, by: string | null = null, field = 'Query.movies'): Explained => ({
  operation: 'Browse',
  field,
  store,
  by,
  plan,
  questions: [],
})
const lines = (...explained: Explained[]): string[] =>
  notesOf(explained).map((note) => lineOf(note).replace(` ${byHand}`, ''))
const worse = (...explained: Explained[]): boolean => notesOf(explained).some((note) => note.worse)

test('what is served is not told, and the rest once a field and store, with all that was tried', () => {
  expect(lines(one('mongo', bounded), one('postgres', bounded, 'title eq'))).toEqual([])
  const tried = [one('mongo', whole, 'title contains'), one('mongo', whole, 'year eq'), one('mongo', whole, 'year eq')]
  expect(lines(...tried, one('mongo', whole, null, 'Query.movies.totalCount'))).toEqual([
    'Browse, Query.movies in mongo: reads every document of movies (filter: title contains, year eq): no index serves it.',
    'Browse, Query.movies.totalCount in mongo: reads every document of movies: no index serves it.',
  ])
  expect(lines(one('postgres', whole), one('postgres', whole, 'year eq'))).toEqual([
    'Browse, Query.movies in postgres: reads every row of movies (with and without a filter; filter: year eq): no index serves it.',
  ])
  expect(lines(one('mongo', unknown))).toEqual([
    'Browse, Query.movies in mongo: cannot be explained: its plan is a secret',
  ])
})

test('PostgreSQL is worse where all that the field asks MongoDB the same way is served', () => {
  expect(lines(one('mongo', bounded), one('postgres', whole))).toEqual([
    'Browse, Query.movies in postgres: reads every row of movies: no index serves it, but one does in MongoDB.',
  ])
  expect(worse(one('mongo', bounded), one('postgres', whole))).toBe(true)
  expect(worse(one('mongo', bounded), one('mongo', bounded), one('postgres', bounded), one('postgres', whole))).toBe(
    true,
  )
})

test('and in no other case', () => {
  expect(worse(one('mongo', whole), one('postgres', whole))).toBe(false)
  expect(worse(one('mongo', bounded), one('mongo', whole), one('postgres', whole))).toBe(false)
  expect(worse(one('mongo', unknown), one('postgres', whole))).toBe(false)
  expect(worse(one('postgres', whole))).toBe(false)
  expect(worse(one('mongo', whole), one('postgres', bounded))).toBe(false)
  expect(worse(one('mongo', bounded), one('postgres', unknown))).toBe(false)
  expect(worse(one('mongo', bounded, 'title eq'), one('postgres', whole, 'title contains'))).toBe(false)
})
