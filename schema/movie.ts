import { defineEntity, embed, float, int, list, objectId, type RecordOf, text, timestamp } from 'crossfade'
import { connectionType, entityType, type InputRef } from 'crossfade/pothos'
import { builder, filters } from './builder.ts'

const score = { rating: float(), numReviews: int(), meter: int() }

export const Movie = defineEntity('Movie', {
  mongo: 'movies',
  postgres: 'movies',
  id: objectId(),
  fields: {
    title: text().required().index(),
    plot: text(),
    fullplot: text(),
    type: text(),
    genres: list(text()),
    languages: list(text()),
    countries: list(text()),
    cast: list(text()).childTable('movie_cast').index(),
    directors: list(text()),
    writers: list(text()),
    runtime: int(),
    year: int({ intPrefix: true }).index(),
    released: timestamp(),
    rated: text(),
    poster: text(),
    lastupdated: text(),
    metacritic: int(),
    awards: embed({ wins: int(), nominations: int(), text: text() }),
    imdb: embed({ id: int(), rating: float({ nullIf: [''] }), votes: int({ nullIf: [''] }) }),
    tomatoes: embed({
      viewer: embed(score),
      critic: embed(score),
      fresh: int(),
      rotten: int(),
      dvd: timestamp(),
      lastUpdated: timestamp(),
      consensus: text(),
      production: text(),
      boxOffice: text(),
      website: text(),
    }),
    commentCount: int().at('num_mflix_comments'),
  },
})

export type MovieRecord = RecordOf<typeof Movie>

export const MovieType = entityType(builder, Movie, {
  embeds: {
    awards: 'Awards',
    imdb: 'Imdb',
    tomatoes: 'Tomatoes',
    'tomatoes.viewer': 'TomatoesScore',
    'tomatoes.critic': 'TomatoesScore',
  },
  omit: ['commentCount'],
})

builder.objectFields(MovieType, (t) => ({
  commentCount: t.int({
    nullable: false,
    extensions: { needs: ['commentCount'] },
    resolve: (movie) => movie.commentCount ?? 0,
  }),
}))

export const MovieConnection = connectionType(builder, 'Movie', MovieType)

/** The contract's names for record paths that may be filtered. */
export const movieFilterNames = {
  title: 'title',
  plot: 'plot',
  rated: 'rated',
  type: 'type',
  genres: 'genres',
  languages: 'languages',
  countries: 'countries',
  cast: 'cast',
  directors: 'directors',
  year: 'year',
  runtime: 'runtime',
  metacritic: 'metacritic',
  released: 'released',
  imdbRating: 'imdb.rating',
  imdbVotes: 'imdb.votes',
  awardWins: 'awards.wins',
  criticMeter: 'tomatoes.critic.meter',
} as const

export const MovieFilter: InputRef<Record<string, unknown>> = builder
  .inputRef<Record<string, unknown>>('MovieFilter')
  .implement({
    fields: (t) => ({
      and: t.field({ type: [MovieFilter] }),
      or: t.field({ type: [MovieFilter] }),
      not: t.field({ type: MovieFilter }),
      title: t.field({ type: filters.StringFilter }),
      plot: t.field({ type: filters.StringFilter }),
      rated: t.field({ type: filters.StringFilter }),
      type: t.field({ type: filters.StringFilter }),
      genres: t.field({ type: filters.StringListFilter }),
      languages: t.field({ type: filters.StringListFilter }),
      countries: t.field({ type: filters.StringListFilter }),
      cast: t.field({ type: filters.StringListFilter }),
      directors: t.field({ type: filters.StringListFilter }),
      year: t.field({ type: filters.IntFilter }),
      runtime: t.field({ type: filters.IntFilter }),
      metacritic: t.field({ type: filters.IntFilter }),
      released: t.field({ type: filters.DateTimeFilter }),
      imdbRating: t.field({ type: filters.FloatFilter }),
      imdbVotes: t.field({ type: filters.IntFilter }),
      awardWins: t.field({ type: filters.IntFilter }),
      criticMeter: t.field({ type: filters.IntFilter }),
    }),
  })

const MovieOrderField = builder.enumType('MovieOrderField', {
  values: {
    TITLE: { value: 'title' },
    YEAR: { value: 'year' },
    RELEASED: { value: 'released' },
    RUNTIME: { value: 'runtime' },
    IMDB_RATING: { value: 'imdb.rating' },
    IMDB_VOTES: { value: 'imdb.votes' },
    METACRITIC: { value: 'metacritic' },
    COMMENT_COUNT: { value: 'commentCount' },
  } as const,
})

export const MovieOrder = builder.inputType('MovieOrder', {
  fields: (t) => ({
    field: t.field({ type: MovieOrderField, required: true }),
    direction: t.field({ type: filters.OrderDirection, required: true, defaultValue: 'asc' }),
  }),
})
