import {
  add,
  addToSet,
  CrossfadeError,
  compute,
  divide,
  field,
  increment,
  load,
  loadChildren,
  loadConnection,
  multiply,
  mutation,
  only,
  parseFilter,
  parseId,
  pull,
} from 'crossfade'
import { builder } from '../schema/builder.ts'
import { Comment, CommentConnection, newestFirst } from '../schema/comment.ts'
import {
  Movie,
  MovieConnection,
  MovieFilter,
  MovieOrder,
  type MovieRecord,
  MovieType,
  movieFilterNames,
} from '../schema/movie.ts'
import { DeletePayload } from './payloads.ts'

builder.queryFields((t) => ({
  movie: t.field({
    type: MovieType,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, context, info) => load(context, info, Movie, id),
  }),
  movies: t.field({
    type: MovieConnection,
    nullable: false,
    args: {
      filter: t.arg({ type: MovieFilter }),
      orderBy: t.arg({ type: [MovieOrder], defaultValue: [{ field: 'title', direction: 'asc' }] }),
      first: t.arg.int(),
      after: t.arg.string(),
      last: t.arg.int(),
      before: t.arg.string(),
    },
    resolve: (_, { filter, orderBy, ...page }, context, info) => {
      const order = (orderBy ?? []).map(({ field: path, direction }) => ({ path, direction }))
      return loadConnection(context, info, Movie, parseFilter(Movie, movieFilterNames, filter), order, page)
    },
  }),
}))

builder.objectFields(MovieType, (t) => ({
  comments: t.field({
    type: CommentConnection,
    nullable: false,
    extensions: { needs: [] },
    args: { first: t.arg.int(), after: t.arg.string() },
    resolve: ({ id }, args, context, info) => loadChildren(context, info, Comment, 'movieId', id, newestFirst, args),
  }),
}))

const MoviePayload = builder.objectRef<{ movie: MovieRecord | null }>('MoviePayload').implement({
  fields: (t) => ({ movie: t.field({ type: MovieType, resolve: ({ movie }) => movie }) }),
})

const textFields = ['plot', 'fullplot', 'type', 'rated', 'poster'] as const
const listFields = ['genres', 'languages', 'countries', 'cast', 'directors', 'writers'] as const

function movieInput(name: string, titleRequired: boolean) {
  return builder.inputType(name, {
    description: titleRequired ? undefined : 'A field that is left out stays; a field given as null is emptied.',
    fields: (t) => ({
      title: t.string({ required: titleRequired }),
      ...(Object.fromEntries(textFields.map((key) => [key, t.string()])) as Record<
        (typeof textFields)[number],
        ReturnType<typeof t.string>
      >),
      ...(Object.fromEntries(listFields.map((key) => [key, t.stringList()])) as Record<
        (typeof listFields)[number],
        ReturnType<typeof t.stringList>
      >),
      runtime: t.int(),
      year: t.int(),
      released: t.field({ type: 'DateTime' }),
    }),
  })
}

const CreateMovieInput = movieInput('CreateMovieInput', true)
const UpdateMovieInput = movieInput('UpdateMovieInput', false)

const rating = field('imdb.rating')
const votes = field('imdb.votes')

builder.mutationFields((t) => ({
  createMovie: t.field({
    type: MoviePayload,
    nullable: false,
    args: { input: t.arg({ type: CreateMovieInput, required: true }) },
    resolve: mutation('createMovie', only(Movie), async (tx, { input }: { input: Record<string, unknown> }) => ({
      movie: await tx.of(Movie).create(input as { title: string }),
    })),
  }),
  updateMovie: t.field({
    type: MoviePayload,
    nullable: false,
    args: { id: t.arg.id({ required: true }), patch: t.arg({ type: UpdateMovieInput, required: true }) },
    resolve: mutation(
      'updateMovie',
      only(Movie),
      async (tx, { id, patch }: { id: string; patch: Record<string, unknown> }) => ({
        movie: await tx.of(Movie).patch(parseId(Movie, id), patch),
      }),
    ),
  }),
  deleteMovie: t.field({
    type: DeletePayload,
    nullable: false,
    args: { id: t.arg.id({ required: true }) },
    resolve: mutation('deleteMovie', only(Movie), async (tx, args: { id: string }) => {
      const id = parseId(Movie, args.id)
      return { deletedId: (await tx.of(Movie).delete(id)) ? id : null }
    }),
  }),
  rateMovie: t.field({
    type: MoviePayload,
    nullable: false,
    description: 'Adds one vote: votes grow by one, the rating becomes the mean of all votes.',
    args: { id: t.arg.id({ required: true }), rating: t.arg.float({ required: true }) },
    resolve: mutation('rateMovie', only(Movie), async (tx, args: { id: string; rating: number }) => {
      if (!(args.rating >= 0 && args.rating <= 10)) {
        throw new CrossfadeError('BAD_USER_INPUT', `A rating is between 0 and 10; ${args.rating} is not.`)
      }
      const movie = await tx.of(Movie).patch(parseId(Movie, args.id), {
        'imdb.votes': increment(1),
        'imdb.rating': compute(divide(add(multiply(rating, votes), args.rating), add(votes, 1))),
      })
      return { movie }
    }),
  }),
  addGenre: t.field({
    type: MoviePayload,
    nullable: false,
    args: { id: t.arg.id({ required: true }), genre: t.arg.string({ required: true }) },
    resolve: mutation('addGenre', only(Movie), async (tx, { id, genre }: { id: string; genre: string }) => ({
      movie: await tx.of(Movie).patch(parseId(Movie, id), { genres: addToSet(genre) }),
    })),
  }),
  removeGenre: t.field({
    type: MoviePayload,
    nullable: false,
    args: { id: t.arg.id({ required: true }), genre: t.arg.string({ required: true }) },
    resolve: mutation('removeGenre', only(Movie), async (tx, { id, genre }: { id: string; genre: string }) => ({
      movie: await tx.of(Movie).patch(parseId(Movie, id), { genres: pull(genre) }),
    })),
  }),
}))
