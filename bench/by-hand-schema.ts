import SchemaBuilder from '@pothos/core'
import DataLoader from 'dataloader'
import type { GraphQLSchema } from 'graphql'

/** What the hand-written resolvers need of a store. Each store's file writes the queries as its team would. */
export interface ByHand {
  movie(id: string): Promise<Movie | null>
  movies(first: number): Promise<Movie[]>
  /** The newest comments of each movie, in the order of the ids. */
  comments(movieIds: readonly string[], first: number): Promise<Comment[][]>
  users(emails: readonly string[]): Promise<(User | null)[]>
}

export interface Movie {
  id: string
  title: string
  year: number | null
  genres: string[] | null
  imdb: { rating: number | null; votes: number | null } | null
}

export interface Comment {
  id: string
  text: string
  email: string
}

export interface User {
  id: string
  name: string
}

interface Loaders {
  comments: DataLoader<{ id: string; first: number }, Comment[], string>
  users: DataLoader<string, User | null>
}

/** The part of the contract that the bench asks for, with Pothos and DataLoader and nothing else. */
export function byHandSchema(): GraphQLSchema {
  const builder = new SchemaBuilder<{ Context: { store: ByHand; loaders: Loaders } }>({})
  const imdb = builder.objectRef<NonNullable<Movie['imdb']>>('Imdb').implement({
    fields: (t) => ({
      rating: t.exposeFloat('rating', { nullable: true }),
      votes: t.exposeInt('votes', { nullable: true }),
    }),
  })
  const user = builder.objectRef<User>('User').implement({
    fields: (t) => ({ id: t.exposeID('id', { nullable: false }), name: t.exposeString('name', { nullable: false }) }),
  })
  const comment = builder.objectRef<Comment>('Comment').implement({
    fields: (t) => ({
      id: t.exposeID('id', { nullable: false }),
      text: t.exposeString('text', { nullable: false }),
      author: t.field({
        type: user,
        nullable: true,
        resolve: ({ email }, _, { loaders }) => loaders.users.load(email),
      }),
    }),
  })
  const commentEdge = builder.objectRef<{ node: Comment }>('CommentEdge').implement({
    fields: (t) => ({ node: t.field({ type: comment, nullable: false, resolve: ({ node }) => node }) }),
  })
  const comments = builder.objectRef<{ edges: { node: Comment }[] }>('CommentConnection').implement({
    fields: (t) => ({ edges: t.field({ type: [commentEdge], nullable: false, resolve: ({ edges }) => edges }) }),
  })
  const movie = builder.objectRef<Movie>('Movie').implement({
    fields: (t) => ({
      id: t.exposeID('id', { nullable: false }),
      title: t.exposeString('title', { nullable: false }),
      year: t.exposeInt('year', { nullable: true }),
      genres: t.exposeStringList('genres', { nullable: true }),
      imdb: t.field({ type: imdb, nullable: true, resolve: (parent) => parent.imdb }),
      comments: t.field({
        type: comments,
        nullable: false,
        args: { first: t.arg.int({ required: true }) },
        resolve: async ({ id }, { first }, { loaders }) => ({
          edges: (await loaders.comments.load({ id, first })).map((node) => ({ node })),
        }),
      }),
    }),
  })
  const movieEdge = builder.objectRef<{ node: Movie }>('MovieEdge').implement({
    fields: (t) => ({ node: t.field({ type: movie, nullable: false, resolve: ({ node }) => node }) }),
  })
  const movies = builder.objectRef<{ edges: { node: Movie }[] }>('MovieConnection').implement({
    fields: (t) => ({ edges: t.field({ type: [movieEdge], nullable: false, resolve: ({ edges }) => edges }) }),
  })
  builder.queryType({
    fields: (t) => ({
      movie: t.field({
        type: movie,
        nullable: true,
        args: { id: t.arg.id({ required: true }) },
        resolve: (_, { id }, { store }) => store.movie(String(id)),
      }),
      movies: t.field({
        type: movies,
        nullable: false,
        args: { first: t.arg.int({ required: true }) },
        resolve: async (_, { first }, { store }) => ({ edges: (await store.movies(first)).map((node) => ({ node })) }),
      }),
    }),
  })
  return builder.toSchema()
}

export function loadersOf(store: ByHand): Loaders {
  return {
    comments: new DataLoader(
      (keys) =>
        store.comments(
          keys.map(({ id }) => id),
          keys[0]!.first,
        ),
      { cacheKeyFn: ({ id }) => id },
    ),
    users: new DataLoader((emails) => store.users(emails)),
  }
}
