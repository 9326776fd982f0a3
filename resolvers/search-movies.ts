import { CrossfadeError, foldPattern, load, routed, type Where, where } from 'crossfade'
import { builder } from '../schema/builder.ts'
import { Movie, MovieType } from '../schema/movie.ts'

interface Search {
  readonly text: string
  readonly first?: number | null
}

/** Each becomes four conditions and a part of the rank. */
const mostWords = 30

function wordsOf(text: string): string[] {
  const words = [...new Set(text.split(/\s+/u).filter((word) => word !== ''))]
  if (words.length > mostWords)
    throw new CrossfadeError('BAD_USER_INPUT', `text must have at most ${mostWords} words, got ${words.length}.`)
  return words
}

function limitOf({ first }: Search): number {
  const limit = first ?? 20
  if (limit < 0 || limit > 100)
    throw new CrossfadeError('BAD_USER_INPUT', `first must be between 0 and 100, got ${limit}.`)
  return limit
}

const inField = (path: 'title' | 'plot', contains: string): Where =>
  where(Movie, { [path]: { contains, insensitive: true } })

/**
 * Ids of movies that have every word of the text in title, plot or cast. Best are those with the most words in the
 * title; then by title and id.
 */
const search = routed(Movie, {
  async mongo({ aggregate, match, value }, args: Search): Promise<string[]> {
    const limit = limitOf(args)
    if (limit === 0) return []
    const words = wordsOf(args.text)
    const title = value(Movie, 'title')
    const found = await aggregate<{ _id: unknown }>(Movie, [
      {
        $match: {
          $and: words
            .map((word) => ({
              $or: [
                match(Movie, inField('title', word)),
                match(Movie, inField('plot', word)),
                { cast: { $elemMatch: { $regex: foldPattern(word) } } },
              ],
            }))
            .concat([{ $or: [{}] }]),
        },
      },
      {
        $project: {
          title,
          rank: {
            $sum: words.map((word) => {
              const inTitle = { $regexMatch: { input: { $ifNull: [title, ''] }, regex: foldPattern(word) } }
              return { $cond: [inTitle, 1, 0] }
            }),
          },
        },
      },
      { $sort: { rank: -1, title: 1, _id: 1 } },
      { $limit: limit },
      { $project: { _id: 1 } },
    ])
    return found.map(({ _id }) => String(_id))
  },
  async postgres({ sql, run, from, match }, args: Search): Promise<string[]> {
    const limit = limitOf(args)
    const words = wordsOf(args.text)
    const conditions = words.map((word) => {
      const inCast = sql`exists (select from movie_cast c where c.parent_id = t.id and c.value ~ ${foldPattern(word)}::text)`
      return sql`(${match(Movie, inField('title', word))} or ${match(Movie, inField('plot', word))} or ${inCast})`
    })
    const ranks = words.map((word) => sql`coalesce((t.title ~ ${foldPattern(word)}::text)::int, 0)`)
    const rows = await run<{ id: string }>(
      sql`select t.id from ${from(Movie)} where ${sql.join([sql`true`, ...conditions], sql` and `)}
          order by ${sql.join([sql`0::int`, ...ranks], sql` + `)} desc, t.title nulls first, t.id limit ${limit}::int`,
    )
    return rows.map(({ id }) => id)
  },
  finish: (ids: string[]) => ids,
})

builder.queryFields((t) => ({
  searchMovies: t.field({
    type: [MovieType],
    nullable: false,
    args: {
      // Nobody is told by what they look for in titles: recordings may keep it
      text: t.arg.string({ required: true, extensions: { sensitive: false } }),
      first: t.arg.int({ defaultValue: 20, extensions: { sensitive: false } }),
    },
    resolve: async (parent, args, context, info) => {
      const ids = await search(parent, args, context, info)
      const movies = await Promise.all(ids.map((id) => load(context, info, Movie, id)))
      return movies.filter((movie) => movie !== null) // deleted since it was found
    },
  }),
}))
