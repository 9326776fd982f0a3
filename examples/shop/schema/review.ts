import { entityType } from 'crossfade/pothos'
import { Review } from '../entities/review.ts'
import { builder } from './builder.ts'

export const ReviewType = entityType(builder, Review, { omit: ['productId'] })
