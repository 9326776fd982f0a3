import {
  add,
  addToSet,
  CrossfadeError,
  compute,
  divide,
  field,
  increment,
  multiply,
  only,
  parseId,
  pull,
  write,
} from 'crossfade'
import { children, connection, record } from 'crossfade/pothos'
import { builder } from '../schema/builder.ts'
import { Comment } from '../schema/comment.ts'
import { CreateMovieInput, Movie, MovieFilter, MovieOrder, MovieType, UpdateMovieInput } from '../schema/movie.ts'
import { DeletePayload, MoviePayload } from './payloads.ts'

builder.queryFields((t) => ({
  movie: record(t, Movie),
  movies: connection(t, Movie, { filter: MovieFilter, orderBy: MovieOrder, defaultOrder: { TITLE: 'asc' } }),
}))

builder.objectFields(MovieType, (t) => ({
  comments: children(t, Comment, { by: 'movieId', order: { date: 'desc' }, paging: 'forward' }),
}))

const rating = field('imdb.rating')
const votes = field('imdb.votes')
/** What every mutation of a movie has alike. */
const written = { type: MoviePayload, nullable: false, extensions: { writes: only(Movie) } } as const

builder.mutationFields((t) => ({
  createMovie: t.field({
    ...written,
    args: { input: t.arg({ type: CreateMovieInput, required: true }) },
    resolve: (_, { input }, context, info) =>
      write(context, info, async (tx) => ({ movie: await tx.of(Movie).create(input) })),
  }),
  updateMovie: t.field({
    ...written,
    args: { id: t.arg.id({ required: true }), patch: t.arg({ type: UpdateMovieInput, required: true }) },
    resolve: (_, { id, patch }, context, info) =>
      write(context, info, async (tx) => ({ movie: await tx.of(Movie).patch(id, patch) })),
  }),
  deleteMovie: t.field({
    ...written,
    type: DeletePayload,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, args, context, info) =>
      write(context, info, async (tx) => {
        const id = parseId(Movie, args.id)
        return { deletedId: (await tx.of(Movie).delete(id)) ? id : null }
      }),
  }),
  rateMovie: t.field({
    ...written,
    description: 'Adds one vote: votes grow by one, the rating becomes the mean of all votes.',
    args: { id: t.arg.id({ required: true }), rating: t.arg.float({ required: true }) },
    resolve: (_, { id, rating: given }, context, info) => {
      if (!(given >= 0 && given <= 10)) {
        throw new CrossfadeError('BAD_USER_INPUT', `rating must be between 0 and 10, got ${given}.`)
      }
      return write(context, info, async (tx) => ({
        movie: await tx.of(Movie).patch(id, {
          'imdb.votes': increment(1),
          'imdb.rating': compute(divide(add(multiply(rating, votes), given), add(votes, 1))),
        }),
      }))
    },
  }),
  addGenre: t.field({
    ...written,
    args: { id: t.arg.id({ required: true }), genre: t.arg.string({ required: true }) },
    resolve: (_, { id, genre }, context, info) =>
      write(context, info, async (tx) => ({ movie: await tx.of(Movie).patch(id, { genres: addToSet(genre) }) })),
  }),
  removeGenre: t.field({
    ...written,
    args: { id: t.arg.id({ required: true }), genre: t.arg.string({ required: true }) },
    resolve: (_, { id, genre }, context, info) =>
      write(context, info, async (tx) => ({ movie: await tx.of(Movie).patch(id, { genres: pull(genre) }) })),
  }),
}))
