import { defineEntity, embed, float, int, list, objectId, reading, text, timestamp } from 'crossfade'
import { entityType, filterType, newInput, orderType, patchInput } from 'crossfade/pothos'
import { builder } from './builder.ts'

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
    ...reading(Movie, ['commentCount'], ({ commentCount }) => commentCount ?? 0),
  }),
}))

export const MovieFilter = filterType(builder, Movie, {
  title: true,
  plot: true,
  rated: true,
  type: true,
  genres: true,
  languages: true,
  countries: true,
  cast: true,
  directors: true,
  year: true,
  runtime: true,
  metacritic: true,
  released: true,
  imdbRating: 'imdb.rating',
  imdbVotes: 'imdb.votes',
  awardWins: 'awards.wins',
  criticMeter: 'tomatoes.critic.meter',
})

export const MovieOrder = orderType(builder, Movie, {
  TITLE: 'title',
  YEAR: 'year',
  RELEASED: 'released',
  RUNTIME: 'runtime',
  IMDB_RATING: 'imdb.rating',
  IMDB_VOTES: 'imdb.votes',
  METACRITIC: 'metacritic',
  COMMENT_COUNT: 'commentCount',
})

const written = [
  'title',
  'plot',
  'fullplot',
  'type',
  'rated',
  'poster',
  'genres',
  'languages',
  'countries',
  'cast',
  'directors',
  'writers',
  'runtime',
  'year',
  'released',
] as const

export const CreateMovieInput = newInput(builder, Movie, written, { name: 'CreateMovieInput' })
export const UpdateMovieInput = patchInput(builder, Movie, written, {
  name: 'UpdateMovieInput',
  description: 'A field that is left out stays; a field given as null is emptied.',
})
