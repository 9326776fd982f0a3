import { GraphQLError } from 'graphql'

/** What a resolver has thrown. */
export function original(error: unknown): unknown {
  let cause = error
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError
  return cause
}
