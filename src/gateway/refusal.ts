import { GraphQLError } from 'graphql'

/**
 * A request that is refused before a resolver runs, as a client's mistake.
 *
 * @param status of the HTTP response. By default 400, and 200 for clients that accept no more than application/json: for
 * them the protocol keeps other codes for what is no GraphQL request.
 */
export const refusal = (message: string, status?: number): GraphQLError =>
  new GraphQLError(message, {
    extensions: { code: 'BAD_USER_INPUT', http: { status: status ?? 400, spec: status === undefined } },
  })
