import { increment, independent, load, loadBy, loadConnection, mutation, only, parseFilter, parseId } from 'crossfade'
import { builder } from '../schema/builder.ts'
import {
  Comment,
  CommentConnection,
  CommentFilter,
  CommentOrder,
  type CommentRecord,
  CommentType,
  commentFilterNames,
} from '../schema/comment.ts'
import { Movie, MovieType } from '../schema/movie.ts'
import { User, UserType } from '../schema/user.ts'
import { DeletePayload } from './payloads.ts'

builder.queryFields((t) => ({
  comment: t.field({
    type: CommentType,
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, { id }, context, info) => load(context, info, Comment, id),
  }),
  comments: t.field({
    type: CommentConnection,
    nullable: false,
    args: {
      filter: t.arg({ type: CommentFilter }),
      orderBy: t.arg({ type: [CommentOrder], defaultValue: [{ field: 'date', direction: 'desc' }] }),
      first: t.arg.int(),
      after: t.arg.string(),
      last: t.arg.int(),
      before: t.arg.string(),
    },
    resolve: (_, { filter, orderBy, ...page }, context, info) => {
      const order = (orderBy ?? []).map(({ field: path, direction }) => ({ path, direction }))
      return loadConnection(context, info, Comment, parseFilter(Comment, commentFilterNames, filter), order, page)
    },
  }),
}))

builder.objectFields(CommentType, (t) => ({
  movie: t.field({
    type: MovieType,
    extensions: { needs: ['movieId'] },
    resolve: ({ movieId }, _, context, info) => load(context, info, Movie, movieId),
  }),
  author: t.field({
    type: UserType,
    extensions: { needs: ['email'] },
    resolve: ({ email }, _, context, info) => loadBy(context, info, User, 'email', email),
  }),
}))

const CommentPayload = builder.objectRef<{ comment: CommentRecord | null }>('CommentPayload').implement({
  fields: (t) => ({ comment: t.field({ type: CommentType, resolve: ({ comment }) => comment }) }),
})

const AddCommentInput = builder.inputType('AddCommentInput', {
  fields: (t) => ({
    movieId: t.id({ required: true }),
    name: t.string({ required: true }),
    email: t.string({ required: true }),
    text: t.string({ required: true }),
  }),
})

interface AddComment {
  input: { movieId: string; name: string; email: string; text: string }
}

builder.mutationFields((t) => ({
  addComment: t.field({
    type: CommentPayload,
    nullable: false,
    description: 'Adds the comment and counts it on the movie.',
    args: { input: t.arg({ type: AddCommentInput, required: true }) },
    resolve: mutation('addComment', independent(Comment, Movie), async (tx, { input }: AddComment) => {
      const movieId = String(parseId(Movie, input.movieId))
      const { name, email, text } = input
      const comment = await tx.of(Comment).create({ name, email, text, movieId, date: new Date() })
      const movie = await tx.of(Movie).patch(movieId, { commentCount: increment(1) })
      if (movie) return { comment }
      // No look beforehand could promise that the movie is still there; the counting itself tells, and takes it back.
      await tx.of(Comment).delete(comment.id)
      return { comment: null }
    }),
  }),
  editComment: t.field({
    type: CommentPayload,
    nullable: false,
    args: { id: t.arg.id({ required: true }), text: t.arg.string({ required: true }) },
    resolve: mutation('editComment', only(Comment), async (tx, { id, text }: { id: string; text: string }) => ({
      comment: await tx.of(Comment).patch(parseId(Comment, id), { text }),
    })),
  }),
  deleteComment: t.field({
    type: DeletePayload,
    nullable: false,
    args: { id: t.arg.id({ required: true }) },
    resolve: mutation('deleteComment', independent(Comment, Movie), async (tx, args: { id: string }) => {
      const id = parseId(Comment, args.id)
      const comment = await tx.of(Comment).get(id) // its movie never changes, so this look cannot mislead
      if (!comment || !(await tx.of(Comment).delete(id))) return { deletedId: null }
      if (comment.movieId) await tx.of(Movie).patch(comment.movieId, { commentCount: increment(-1) })
      return { deletedId: id }
    }),
  }),
}))
