import { describe, expect, test } from 'vitest'
import { generate } from '../../demo/generate.ts'
import type { Document, Json } from '../../demo/json.ts'

const SEEDS = [0, 1, 2026, -5]

/** The value at a dotted path; undefined where it or something on the way is missing. */
function at(record: Json | undefined, path: string): Json | undefined {
  return path.split('.').reduce<Json | undefined>((value, key) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
    return value[key]
  }, record)
}

const values = (records: Document[], path: string) => records.map((record) => at(record, path))
const count = (records: Document[], path: string, wanted: (value: Json | undefined) => boolean) =>
  values(records, path).filter(wanted).length
const distinct = (list: unknown[]) => new Set(list).size

const missing = (value: Json | undefined) => value === undefined
const isNull = (value: Json | undefined) => value === null
const isEmpty = (value: Json | undefined) => Array.isArray(value) && value.length === 0
const isText = (value: Json | undefined) => typeof value === 'string'
const matches = (pattern: RegExp) => (value: Json | undefined) => typeof value === 'string' && pattern.test(value)

test('a seed gives the same data each time, and another seed other data', () => {
  expect(generate(7)).toEqual(generate(7))
  expect(generate(8)).not.toEqual(generate(7))
})

test('what seed 1 begins with stays, on every platform', () => {
  const { movies, comments, users, theaters } = generate(1)
  expect(at(movies[0], '_id.$oid')).toBe('5d13b6a4d3a1c0de00000000')
  expect(at(movies[0], 'title')).toBe('The Velvet Parade')
  expect(at(movies[0], 'released.$date')).toBe('2000-02-02T00:00:00Z')
  expect(at(comments[0], 'email')).toBe('çağla_quillfeather@example.org')
  expect(at(users[79], 'email')).toBe('Ǧamila_tindervane@example.net')
  expect(at(theaters[0], 'location.geo')).toEqual({ type: 'Point', coordinates: [-119.727916, 36.672796] })
})

describe.each(SEEDS)('with seed %i', (seed) => {
  const { movies, comments, users, theaters } = generate(seed)

  test('every collection has its size and its own ids', () => {
    expect([movies, comments, users, theaters].map((records) => records.length)).toEqual([400, 600, 80, 200])
    const ids = [movies, comments, users, theaters].flatMap((records) => values(records, '_id.$oid'))
    expect(distinct(ids)).toBe(1280)
    expect(ids.every(matches(/^[0-9a-f]{24}$/))).toBe(true)
  })

  test('JSON can carry it: nothing is undefined, NaN or a date object', () => {
    expect(JSON.parse(JSON.stringify({ movies, comments, users, theaters }))).toStrictEqual(generate(seed))
  })

  test.each([
    ['imdb.rating', 'empty text', 4, matches(/^$/)],
    ['imdb.votes', 'empty text', 4, matches(/^$/)],
    ['imdb.rating', 'null', 2, isNull],
    ['year', 'a letter behind it', 4, matches(/^\d{4}è$/)],
    ['plot', 'missing', 20, missing],
    ['plot', 'null', 3, isNull],
    ['plot', 'empty text', 2, matches(/^$/)],
    ['rated', 'missing', 134, missing],
    ['rated', 'null', 4, isNull],
    ['metacritic', 'missing', 390, missing],
    ['genres', 'an empty list', 3, isEmpty],
    ['cast', 'an empty list', 3, isEmpty],
    ['cast', 'null', 1, isNull],
    ['writers', 'missing', 8, missing],
    ['awards', 'null', 1, isNull],
    ['tomatoes', 'missing', 4, missing],
    ['tomatoes', 'null', 2, isNull],
    ['title', 'clean text always', 400, isText],
  ] as const)('movies have %s: %s in %i', (path, _, expected, wanted) => {
    expect(count(movies, path, wanted)).toBe(expected)
  })

  test('dates are canonical before 1970, relaxed after, and some are missing or null', () => {
    expect(count(movies, 'released', missing)).toBe(12)
    expect(count(movies, 'released', isNull)).toBe(2)
    const early = count(movies, 'released.$date.$numberLong', matches(/^-\d+$/))
    const late = count(movies, 'released.$date', matches(/^(19[7-9]|20[01])\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/))
    expect(early + late).toBe(386)
    expect(early).toBeGreaterThan(100)
    expect(late).toBeGreaterThan(100)
  })

  test('titles hold what folding, escaping and ordering trip over', () => {
    const titles = values(movies, 'title')
    for (const title of ['Große Straße, kleine Träume', 'İstanbul Işıkları', '🎬 Take Two 🎬', "L'Éclair d'Avril"])
      expect(titles).toContain(title)
    expect(titles.filter((title) => title === 'The Remake')).toHaveLength(3)
    expect(titles).toContain('Café Noir')
    expect(titles).toContain('Cafe\u0301 Noir')
  })

  test('a movie counts its real comments, or nothing where it has none', () => {
    const about = values(comments, 'movie_id.$oid')
    for (const movie of movies) {
      const real = about.filter((id) => id === at(movie, '_id.$oid')).length
      expect(at(movie, 'num_mflix_comments') ?? 0).toBe(real)
    }
    expect(count(movies, 'num_mflix_comments', missing)).toBeGreaterThan(0)
  })

  test('comments: a fifth on movies that are gone, a tenth by strangers, a dozen at one moment', () => {
    const ids = new Set(values(movies, '_id.$oid'))
    const emails = new Set(values(users, 'email'))
    expect(count(comments, 'movie_id.$oid', (id) => !ids.has(id))).toBe(120)
    expect(count(comments, 'email', (email) => !emails.has(email))).toBe(60)
    expect(count(comments, 'date.$date', (date) => date === '2012-03-04T05:06:07Z')).toBe(12)
    expect(count(comments, 'text', matches(/🍿/u))).toBeGreaterThan(0)
  })

  test('users: emails are unique, though two differ in case only, and seven have preferences', () => {
    const emails = values(users, 'email').map(String)
    expect(distinct(emails)).toBe(80)
    expect(emails[79]).not.toBe(emails[0])
    expect(emails[79]?.slice(1)).toBe(emails[0]?.slice(1))
    expect(count(users, 'preferences', missing)).toBe(73)
    expect(count(users, 'preferences', isNull)).toBe(1)
    expect(values(users, 'preferences.favorites.years').find(Array.isArray)).toEqual([1946, 1958.5])
    expect(count(users, 'password', matches(/^\$2b\$12\$[./A-Za-z0-9]{53}$/))).toBe(80)
  })

  test('theaters: three pairs share a number; street2, address and point are missing here and there', () => {
    expect(distinct(values(theaters, 'theaterId'))).toBe(197)
    expect(count(theaters, 'location.address', isNull)).toBe(1)
    expect(count(theaters, 'location.geo', missing)).toBe(2)
    expect([23, 24]).toContain(count(theaters, 'location.address.street2', isNull))
    expect(count(theaters, 'location.address.zipcode', matches(/^0\d{4}$/))).toBeGreaterThan(0)
  })
})
