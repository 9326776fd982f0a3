import type { PostgresStore } from '../src/stores/postgres/postgres-store.ts'
import type { ByHand, Comment, Movie, User } from './by-hand-schema.ts'

interface MovieRow {
  id: string
  title: string
  year: number | null
  genres: string[] | null
  has_imdb: boolean
  imdb_rating: number | null
  imdb_votes: number | null
}

const toMovie = ({ id, title, year, genres, has_imdb, imdb_rating: rating, imdb_votes: votes }: MovieRow): Movie => ({
  id,
  title,
  year,
  genres,
  imdb: has_imdb ? { rating, votes } : null,
})

const columns = 'id, title, year, genres, has_imdb, imdb_rating, imdb_votes'

/** Queries on the driver, as one would write them against PostgreSQL alone. */
export function byHandPostgres({ connection: { pool } }: PostgresStore): ByHand {
  return {
    async movie(id) {
      const { rows } = await pool.query<MovieRow>(`select ${columns} from movies where id = $1`, [id])
      return rows[0] ? toMovie(rows[0]) : null
    },
    async movies(first) {
      const { rows } = await pool.query<MovieRow>(
        `select ${columns} from movies order by title nulls first, id limit $1`,
        [first],
      )
      return rows.map(toMovie)
    },
    async comments(movieIds, first) {
      const { rows } = await pool.query<Comment & { movie_id: string }>(
        `select l.* from unnest($1::text[]) k(id) cross join lateral (
           select id, movie_id, text, email from comments c where c.movie_id = k.id order by date desc nulls last, id limit $2) l`,
        [movieIds, first],
      )
      const groups = Map.groupBy(rows, (row) => row.movie_id)
      return movieIds.map((id) => groups.get(id) ?? [])
    },
    async users(emails) {
      const { rows } = await pool.query<User & { email: string }>(
        'select id, name, email from users where email = any($1)',
        [emails],
      )
      const byEmail = new Map(rows.map((row) => [row.email, row]))
      return emails.map((email) => byEmail.get(email) ?? null)
    },
  }
}
