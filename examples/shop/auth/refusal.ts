import { GraphQLError } from 'graphql'

/** What a client is told in a word that programs know, and in a sentence. */
export const refusal = (code: string, message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code } })
