import { GraphQLError } from 'graphql'
import type { CrossfadeError } from '../util/errors.ts'

/** A client's mistake as GraphQL says it, with where it was made. */
export const clientError = ({ message, code }: CrossfadeError, place = ''): GraphQLError =>
  new GraphQLError(place === '' ? message : `${place}: ${message}`, { extensions: { code } })
