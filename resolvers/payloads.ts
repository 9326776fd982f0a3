import { payloadType } from 'crossfade/pothos'
import { builder } from '../schema/builder.ts'
import { Comment } from '../schema/comment.ts'
import { Movie } from '../schema/movie.ts'
import { User } from '../schema/user.ts'

export const CommentPayload = payloadType(builder, Comment, 'comment')
export const MoviePayload = payloadType(builder, Movie, 'movie')
export const UserPayload = payloadType(builder, User, 'user')

export const DeletePayload = builder.objectRef<{ deletedId: string | number | null }>('DeletePayload').implement({
  fields: (t) => ({ deletedId: t.id({ resolve: ({ deletedId }) => deletedId }) }),
})
