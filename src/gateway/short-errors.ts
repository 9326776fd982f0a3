import { type ExecutionResult, GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'

/** Characters of a message; those of GraphQL repeat what the client wrote, at whatever length. */
const most = 1_000

function shortened(error: GraphQLError): GraphQLError {
  const { message } = error
  return message.length > most ? new GraphQLError(`${message.slice(0, most)}…`, error) : error
}

/** Cuts messages, so that a small answer follows a large mistake. */
export function withShortErrors(result: ExecutionResult): ExecutionResult {
  const isLong = result.errors?.some(({ message }) => message.length > most)
  return isLong ? { ...result, errors: result.errors!.map(shortened) } : result
}

/** The same for Yoga. */
export const shortErrors: Plugin = {
  onExecutionResult({ result, setResult }) {
    if (result && !Array.isArray(result) && 'errors' in result) setResult(withShortErrors(result))
  },
}
