import { defineEntity, objectId, type RecordOf, text, timestamp } from 'crossfade'
import { connectionType, entityType, type InputRef } from 'crossfade/pothos'
import { builder, filters } from './builder.ts'

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

export type CommentRecord = RecordOf<typeof Comment>

export const CommentType = entityType(builder, Comment, { omit: ['movieId'] })

export const CommentConnection = connectionType(builder, 'Comment', CommentType)

/** The contract's names for record paths that may be filtered. */
export const commentFilterNames = {
  movieId: 'movieId',
  email: 'email',
  name: 'name',
  text: 'text',
  date: 'date',
} as const

export const CommentFilter: InputRef<Record<string, unknown>> = builder
  .inputRef<Record<string, unknown>>('CommentFilter')
  .implement({
    fields: (t) => ({
      and: t.field({ type: [CommentFilter] }),
      or: t.field({ type: [CommentFilter] }),
      not: t.field({ type: CommentFilter }),
      movieId: t.field({ type: filters.IdFilter }),
      email: t.field({ type: filters.StringFilter }),
      name: t.field({ type: filters.StringFilter }),
      text: t.field({ type: filters.StringFilter }),
      date: t.field({ type: filters.DateTimeFilter }),
    }),
  })

const CommentOrderField = builder.enumType('CommentOrderField', {
  values: { DATE: { value: 'date' }, NAME: { value: 'name' } } as const,
})

export const CommentOrder = builder.inputType('CommentOrder', {
  fields: (t) => ({
    field: t.field({ type: CommentOrderField, required: true }),
    direction: t.field({ type: filters.OrderDirection, required: true, defaultValue: 'asc' }),
  }),
})

/** Comments of a movie or user are shown newest first. */
export const newestFirst = [{ path: 'date', direction: 'desc' }] as const
