import { increment, independent, only, parseId, write } from 'crossfade'
import { connection, record, reference } from 'crossfade/pothos'
import { builder } from '../schema/builder.ts'
import { AddCommentInput, Comment, CommentFilter, CommentOrder, CommentType } from '../schema/comment.ts'
import { Movie } from '../schema/movie.ts'
import { User } from '../schema/user.ts'
import { CommentPayload, DeletePayload } from './payloads.ts'

builder.queryFields((t) => ({
  comment: record(t, Comment),
  comments: connection(t, Comment, { filter: CommentFilter, orderBy: CommentOrder, defaultOrder: { DATE: 'desc' } }),
}))

builder.objectFields(CommentType, (t) => ({
  movie: reference(t, Movie, { of: 'movieId' }),
  author: reference(t, User, { by: 'email', of: 'email' }),
}))

builder.mutationFields((t) => ({
  addComment: t.field({
    type: CommentPayload,
    nullable: false,
    description: 'Adds the comment and counts it on the movie.',
    extensions: { writes: independent(Comment, Movie) },
    args: { input: t.arg({ type: AddCommentInput, required: true }) },
    resolve: (_, { input }, context, info) =>
      write(context, info, async (tx) => {
        const movieId = parseId(Movie, input.movieId)
        const comment = await tx.of(Comment).create({ ...input, movieId, date: new Date() })
        if (await tx.of(Movie).patch(movieId, { commentCount: increment(1) })) return { comment }
        // No look beforehand could promise that the movie is still there; the counting itself tells, and takes it back.
        await tx.of(Comment).delete(comment.id)
        return { comment: null }
      }),
  }),
  editComment: t.field({
    type: CommentPayload,
    nullable: false,
    extensions: { writes: only(Comment) },
    args: { id: t.arg.id({ required: true }), text: t.arg.string({ required: true }) },
    resolve: (_, { id, text }, context, info) =>
      write(context, info, async (tx) => ({ comment: await tx.of(Comment).patch(id, { text }) })),
  }),
  deleteComment: t.field({
    type: DeletePayload,
    nullable: false,
    extensions: { writes: independent(Comment, Movie) },
    args: { id: t.arg.id({ required: true }) },
    resolve: (_, args, context, info) =>
      write(context, info, async (tx) => {
        const id = parseId(Comment, args.id)
        const comment = await tx.of(Comment).get(id) // its movie never changes, so this look cannot mislead
        if (!comment || !(await tx.of(Comment).delete(id))) return { deletedId: null }
        if (comment.movieId) await tx.of(Movie).patch(comment.movieId, { commentCount: increment(-1) })
        return { deletedId: id }
      }),
  }),
}))
