import { type Document, date, type Json, objectId } from './json.ts'
import { emailOf, person } from './people.ts'
import type { Random } from './random.ts'
import { opinion } from './words.ts'

const FAMILY = '5c0a7e31d3a1c0de'
const FROM = Date.UTC(1970, 0, 2)
const TO = Date.UTC(2017, 8, 1)
const SHARED_DATE = Date.UTC(2012, 2, 4, 5, 6, 7)

/** What comments are about and by whom. */
export interface Commented {
  movieIds: readonly Document[]
  /** Movies that are gone: their comments stayed. */
  goneIds: readonly Document[]
  users: readonly Document[]
}

/** Comments: a fifth on movies that are gone, a tenth by addresses that no user has, a dozen at one same second. */
export function comments(random: Random, count: number, { movieIds, goneIds, users }: Commented): Document[] {
  const places = Array.from({ length: count }, (_, place) => place)
  const orphans = new Set(random.sample(places, count / 5))
  const strangers = new Set(random.sample(places, count / 10))
  const together = new Set(random.sample(places, 12))
  const ranked = random.shuffle(movieIds)

  return places.map((place) => {
    const user = random.pick(users)
    const stranger = person(random)
    // The cube makes a few movies popular, so that a movie's comments fill more than one page.
    const movie = ranked[Math.floor(random.fraction() ** 3 * ranked.length)]!
    const known: [Json, Json] = [user['name']!, user['email']!]
    const [name, email] = strangers.has(place) ? [stranger, emailOf(stranger, 'gone.example')] : known
    const written = random.between(FROM / 1000, TO / 1000) * 1000 + (random.chance(0.05) ? random.between(1, 999) : 0)
    return {
      _id: objectId(FAMILY, place),
      name,
      email,
      movie_id: { ...(orphans.has(place) ? random.pick(goneIds) : movie) },
      text: opinion(random),
      date: date(together.has(place) ? SHARED_DATE : written),
    }
  })
}
