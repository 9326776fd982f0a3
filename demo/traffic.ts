import { readFileSync } from 'node:fs'
import type { Json, SampleOperation } from 'crossfade'

const query = readFileSync(new URL('../schema/operations/clients.graphql', import.meta.url), 'utf8')

type Sampled = Readonly<Record<string, readonly Json[]>>

/** What a document in Extended JSON holds under a name; null where it has none. */
const memberOf = (document: Json, name: string): Json =>
  typeof document !== 'object' || document === null || Array.isArray(document) ? null : (document[name] ?? null)

const idOf = (document: Json): Json => {
  const id = memberOf(document, '_id')
  return typeof id === 'string' ? id : memberOf(id, '$oid')
}

/** The known operations of the clients, with variables from the documents at hand. */
export function traffic(sample: Sampled): SampleOperation[] {
  const { Movie: movies = [], Comment: comments = [], User: users = [] } = sample
  const operation = (operationName: string, variables: Record<string, unknown>): SampleOperation => ({
    query,
    operationName,
    variables,
  })
  const genres = ['Drama', 'Short', 'Comedy']
  return [
    ...movies.map((movie) => operation('MoviePage', { id: idOf(movie) })),
    ...comments.slice(0, 10).map(() => operation('RecentComments', { first: 20 })),
    ...users.map((user) => operation('Profile', { email: memberOf(user, 'email') })),
    ...genres.map((genre) => operation('Browse', { filter: { genres: { has: genre } }, first: 30 })),
    operation('Browse', { orderBy: [{ field: 'YEAR', direction: 'DESC' }, { field: 'TITLE' }], first: 50 }),
    operation('Browse', {
      filter: { year: { lt: 1930 } },
      orderBy: [{ field: 'IMDB_RATING', direction: 'DESC' }],
      first: 20,
    }),
    ...['the', 'night train', 'LOVE'].map((text) => operation('Search', { text })),
    operation('Genres', {}),
    operation('Genres', { minimumYear: 1950 }),
    operation('Nearby', { longitude: -73.98, latitude: 40.75 }),
    operation('Nearby', { longitude: -118.24, latitude: 34.05 }),
    ...movies.slice(0, 10).map((movie, index) => operation('Rate', { id: idOf(movie), rating: (index % 10) + 0.5 })),
    ...movies.slice(0, 10).map((movie) =>
      operation('Comment', {
        input: { movieId: idOf(movie), name: 'A Visitor', email: 'visitor@example.com', text: 'Seen in the demo.' },
      }),
    ),
  ]
}
