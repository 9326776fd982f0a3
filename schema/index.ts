import { Comment } from './comment.ts'
import { Movie } from './movie.ts'
import { Theater } from './theater.ts'
import { User } from './user.ts'

/** The types that move, in the order that they are shown. */
export const entities = [Movie, Comment, User, Theater]
