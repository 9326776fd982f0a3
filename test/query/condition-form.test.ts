import { changeWhere, defineEntity, embed, int, list, text, where } from 'crossfade'
import { describe, expect, test } from 'vitest'
import { planPatch } from '../../src/query/patch.ts'
import { everything } from '../../src/query/where.ts'
import { askedCondition, writtenCondition } from '../../src/query/written-condition.ts'
import { among } from '../../src/resolve/among.ts'

const Movie = defineEntity('Movie', {
  mongo: 'movies',
  postgres: 'movies',
  id: int(),
  fields: { title: text(), year: int(), genres: list(text()), cast: list(embed({ name: text() })) },
})

const made = 'A condition on Movie is made by where(), or is `everything`.'
const part = 'A part of a condition on Movie is none: where() makes them.'
const year = { op: 'eq', path: 'year', value: 1990 }

const mistakes: readonly (readonly [given: unknown, message: string])[] = [
  [null, made],
  [[], made],
  [{ year: { nope: 1 } }, made],
  [{ op: 'nope', path: 'year', value: 1 }, 'A condition on Movie has no test "nope".'],
  [{ op: 'constructor', path: 'year' }, 'A condition on Movie has no test "constructor".'],
  [{ op: { eq: 1 } }, 'A condition on Movie has no test "[object Object]".'],
  [{ op: 'and' }, 'A condition on Movie needs "of" to be a list for "and".'],
  [{ op: 'or', of: year }, 'A condition on Movie needs "of" to be a list for "or".'],
  [{ op: 'and', of: [year, null] }, part],
  [{ op: 'or', of: [[year]] }, part],
  [{ op: 'not' }, part],
  [{ op: 'not', of: { year: { eq: 1990 } } }, 'A condition on Movie has no test "undefined".'],
  [{ op: 'eq', value: 1990 }, 'A condition on Movie needs "path" to be a text for "eq".'],
  [{ op: 'eq', path: 'year' }, 'A condition on Movie.year needs "value" to be a value for "eq".'],
  [{ op: 'lt', path: 'yaer', value: 1 }, 'Movie has no field "yaer". Did you mean "year"?'],
  [{ op: 'in', path: 'year', value: [1990] }, 'A condition on Movie.year needs "values" to be a list for "in".'],
  [
    { op: 'contains', path: 'title', value: 5 },
    'A condition on Movie.title needs "value" to be a text for "contains".',
  ],
  [
    { op: 'has', path: 'genres', values: ['x'] },
    'A condition on Movie.genres needs "need" to be "some" or "every" for "has".',
  ],
  [{ op: 'has', path: 'title', values: ['x'], need: 'some' }, 'Movie.title cannot be asked "has".'],
  [{ op: 'in', path: 'genres', values: ['x'] }, 'Movie.genres cannot be asked "in".'],
  [{ op: 'isEmpty', path: 'cast' }, 'A condition on Movie.cast needs "value" to be true or false for "isEmpty".'],
  [{ op: 'some', path: 'genres', where: everything }, 'Movie has no list of objects "genres".'],
  [{ op: 'some', path: 'cast' }, 'A part of a condition on Movie.cast is none: where() makes them.'],
]

const refusal = (message: string) => expect.objectContaining({ code: 'MISCONFIGURED', message })

describe('A condition that somebody has made wrongly is told with its type, field and test', () => {
  test.each(mistakes)('%j', (given, message) => {
    expect(() => writtenCondition(Movie, given)).toThrow(refusal(message))
    const asked = message === made ? 'A filter on Movie is made by parseFilter() or where().' : message
    expect(() => askedCondition(Movie, given)).toThrow(refusal(asked))
    expect(() => among(Movie, { where: given as never })).toThrow(refusal(message))
    expect(() => among(Movie, { filter: given as never })).toThrow(refusal(asked))
    expect(() => among(Movie, {}, given as never)).toThrow(refusal(asked))
  })

  test('of the objects of a list as well', () => {
    const change = (given: unknown) => planPatch(Movie, { cast: changeWhere(given as never, { name: 'x' }) })
    expect(() => change({ op: 'in', path: 'name' })).toThrow(
      refusal('A condition on Movie.cast.name needs "values" to be a list for "in".'),
    )
    expect(() => change(null)).toThrow(refusal('A condition on Movie.cast is made by where(), or is `everything`.'))
  })
})

test('a condition of a right form is taken, whoever has made it', () => {
  const right = where(Movie, {
    or: [{ year: { in: [1990] } }, { genres: { has: 'x' } }, { genres: { isNull: true } }],
    not: { title: { contains: 'x', insensitive: true } },
    cast: { every: { name: { ne: null } }, isEmpty: false, isNull: false },
  })
  expect(writtenCondition(Movie, structuredClone(right))).toEqual(right)
})
