import type { Db } from 'mongodb'
import { Movie as MovieEntity } from '../schema/movie.ts'
import { encodeId } from '../src/stores/mongo/codec/encode.ts'
import type { ByHand, Comment, Movie, User } from './by-hand-schema.ts'

type Doc = Record<string, unknown>

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null)

/** Dirty years and ratings are cleaned as the existing API does it. */
function toMovie(doc: Doc): Movie {
  const { title, year, genres, imdb } = doc as unknown as Movie
  return {
    id: String(doc['_id']),
    title,
    year: typeof year === 'string' ? Number.parseInt(year, 10) : year,
    genres,
    imdb: imdb && { rating: numberOf(imdb.rating), votes: numberOf(imdb.votes) },
  }
}
const toComment = (doc: Doc): Comment => ({ ...(doc as unknown as Comment), id: String(doc['_id']) })

/** Queries on the driver, as one would write them against MongoDB alone. */
export function byHandMongo(db: Db): ByHand {
  const projection = { title: 1, year: 1, genres: 1, 'imdb.rating': 1, 'imdb.votes': 1 }
  return {
    async movie(id) {
      const doc = await db.collection('movies').findOne({ _id: encodeId(MovieEntity, id) as never }, { projection })
      return doc && toMovie(doc)
    },
    async movies(first) {
      const docs = await db
        .collection('movies')
        .find({}, { projection, sort: { title: 1, _id: 1 }, limit: first })
        .toArray()
      return docs.map(toMovie)
    },
    async comments(movieIds, first) {
      const ids = movieIds.map((id) => encodeId(MovieEntity, id))
      const docs = await db
        .collection('comments')
        .aggregate<Doc>([
          { $match: { movie_id: { $in: ids } } },
          {
            $setWindowFields: {
              partitionBy: '$movie_id',
              sortBy: { date: -1, _id: 1 },
              output: { n: { $sum: 1, window: { documents: ['unbounded', 'current'] } } },
            },
          },
          { $match: { n: { $lte: first } } },
          { $project: { movie_id: 1, text: 1, email: 1, n: 1 } },
        ])
        .toArray()
      const groups = Map.groupBy(docs, (doc) => String(doc['movie_id']))
      return movieIds.map((id) => (groups.get(id) ?? []).sort((a, b) => Number(a['n']) - Number(b['n'])).map(toComment))
    },
    async users(emails) {
      const docs = await db
        .collection('users')
        .find({ email: { $in: [...emails] } }, { projection: { name: 1, email: 1 } })
        .toArray()
      const byEmail = new Map(
        docs.map((doc) => [
          doc['email'] as string,
          { id: String(doc['_id']), name: doc['name'] as string } satisfies User,
        ]),
      )
      return emails.map((email) => byEmail.get(email) ?? null)
    },
  }
}
