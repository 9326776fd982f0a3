import { type Document, document, type Json, objectId } from './json.ts'
import { emailOf, people } from './people.ts'
import type { Random } from './random.ts'

const FAMILY = '5b8f2c10d3a1c0de'
const BASE64 = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const DOMAINS = ['example.com', 'example.net', 'example.org']

/** Set by very few users; what is in them is free, so they nest, mix types and hold nulls. */
const PREFERENCES: readonly Json[] = [
  {},
  { theme: 'dark', newsletter: false },
  { favorites: { genres: ['Drama', 'Film-Noir'], years: [1946, 1958.5] }, language: 'türkçe' },
  { alerts: [{ kind: 'release', days: [1, 7] }, { kind: 'reply' }], volume: 0.75 },
  { theme: null, hidden: [], home: { rows: { first: 'New 🎞️', second: null } } },
  { "it's": 'quoted', größe: 'ß', nested: { a: { b: { c: [] } } } },
  null,
]

/** Users with unique emails, of which the last differs from the first in case only. */
export function users(random: Random, count: number): Document[] {
  const names = people(random, count)
  const emails = names.map((name) => emailOf(name, random.pick(DOMAINS)))
  names[count - 1] = names[0]!
  emails[count - 1] = emails[0]!.replace(/^./u, (letter) => letter.toUpperCase())

  const choosers = random.sample([...names.keys()], PREFERENCES.length)
  return names.map((name, place) =>
    document({
      _id: objectId(FAMILY, place),
      name,
      email: emails[place],
      password: password(random),
      preferences: PREFERENCES[choosers.indexOf(place)],
    }),
  )
}

/** Shaped like a bcrypt hash, of no password anyone knows. */
function password(random: Random): string {
  const characters = Array.from({ length: 53 }, () => BASE64[random.between(0, 63)])
  return `$2b$12$${characters.join('')}`
}
