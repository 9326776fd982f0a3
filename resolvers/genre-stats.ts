import { routed, type Where, where } from 'crossfade'
import { builder } from '../schema/builder.ts'
import { Movie } from '../schema/movie.ts'

interface Args {
  readonly minimumYear?: number | null
}

/** What a store counts: the exact decimal sum of the ratings, so that both stores divide the same number. */
type Counted = {
  readonly genre: string
  readonly movies: number
  readonly sum: string
  readonly rated: number
}

type Stat = {
  readonly genre: string
  readonly movies: number
  readonly averageRating: number | null
}

const since = ({ minimumYear }: Args): Where => where(Movie, { year: { gte: minimumYear } })

const genreStats = routed(Movie, {
  async mongo({ aggregate, match, value }, args: Args): Promise<Counted[]> {
    const rating = value(Movie, 'imdb.rating')
    const rows = await aggregate<{ _id: string; movies: number; sum: unknown; rated: number }>(Movie, [
      { $match: match(Movie, since(args)) },
      { $project: { genre: { $setUnion: [{ $ifNull: [value(Movie, 'genres'), []] }] }, rating } },
      { $unwind: '$genre' },
      {
        $group: {
          _id: '$genre',
          movies: { $sum: 1 },
          sum: { $sum: { $toDecimal: '$rating' } },
          rated: { $sum: { $cond: [{ $eq: ['$rating', null] }, 0, 1] } },
        },
      },
      { $sort: { movies: -1, _id: 1 } },
    ])
    return rows.map(({ _id, movies, sum, rated }) => ({ genre: _id, movies, sum: String(sum), rated }))
  },
  async postgres({ sql, run, from, match }, args: Args): Promise<Counted[]> {
    const rows = await run<{ genre: string; movies: string; sum: string | null; rated: string }>(
      sql`select g.genre, count(*) as movies, sum(t.imdb_rating::numeric) as sum, count(t.imdb_rating) as rated
          from ${from(Movie)} cross join lateral (select distinct unnest(t.genres) as genre) g
          where ${match(Movie, since(args))} group by g.genre order by count(*) desc, g.genre collate "C"`,
    )
    return rows.map(({ genre, movies, sum, rated }) => ({
      genre,
      movies: Number(movies),
      sum: sum ?? '0',
      rated: Number(rated),
    }))
  },
  finish: (counted: Counted[]): Stat[] =>
    counted.map(({ genre, movies, sum, rated }) => ({
      genre,
      movies,
      averageRating: rated > 0 ? Number(sum) / rated : null,
    })),
})

const GenreStat = builder.objectRef<Stat>('GenreStat').implement({
  fields: (t) => ({
    genre: t.exposeString('genre', { nullable: false }),
    movies: t.exposeInt('movies', { nullable: false }),
    averageRating: t.exposeFloat('averageRating', { nullable: true }),
  }),
})

builder.queryFields((t) => ({
  genreStats: t.field({
    type: [GenreStat],
    nullable: false,
    args: { minimumYear: t.arg.int({ extensions: { sensitive: false } }) },
    resolve: genreStats,
  }),
}))
