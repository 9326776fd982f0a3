import { defineEntity, objectId, text, timestamp } from 'crossfade'
import { entityType, filterType, newInput, orderType } from 'crossfade/pothos'
import { builder } from './builder.ts'

export const Comment = defineEntity('Comment', {
  mongo: 'comments',
  postgres: 'comments',
  id: objectId(),
  fields: {
    name: text().required().sensitive(),
    email: text().required().sensitive().index(),
    text: text().required(),
    date: timestamp().required().index(),
    movieId: objectId().at('movie_id').references('Movie'),
  },
})

export const CommentType = entityType(builder, Comment, { omit: ['movieId'] })

export const CommentFilter = filterType(builder, Comment, {
  movieId: true,
  email: true,
  name: true,
  text: true,
  date: true,
})

export const CommentOrder = orderType(builder, Comment, { DATE: 'date', NAME: 'name' })

export const AddCommentInput = newInput(builder, Comment, ['movieId', 'name', 'email', 'text'], {
  name: 'AddCommentInput',
  required: ['movieId'],
})
