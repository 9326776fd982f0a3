import { comments } from './comments.ts'
import type { Document } from './json.ts'
import { movieId, movies } from './movies.ts'
import { randomFrom } from './random.ts'
import { theaters } from './theaters.ts'
import { users } from './users.ts'

const MOVIES = 400
const GONE_MOVIES = 60

/**
 * Sample data for demos and tests, the same for the same seed: the shape and the dirt of a catalogue that grew for
 * years without a schema, in MongoDB Extended JSON as mongoexport writes it.
 */
export function generate(seed: number): Record<'movies' | 'comments' | 'users' | 'theaters', Document[]> {
  const movieIds = Array.from({ length: MOVIES }, (_, place) => movieId(place))
  const goneIds = Array.from({ length: GONE_MOVIES }, (_, place) => movieId(MOVIES + place))

  const everyone = users(randomFrom(seed, 1), 80)
  const said = comments(randomFrom(seed, 2), 600, { movieIds, goneIds, users: everyone })
  const about = new Map<string, number>()
  for (const { movie_id } of said) about.set(key(movie_id), (about.get(key(movie_id)) ?? 0) + 1)
  const commentCounts = movieIds.map((id) => about.get(key(id)) ?? 0)

  return {
    movies: movies(randomFrom(seed, 3), MOVIES, commentCounts),
    comments: said,
    users: everyone,
    theaters: theaters(randomFrom(seed, 4), 200),
  }
}

function key(id: Document[string] | undefined): string {
  return JSON.stringify(id)
}
