import { type ExecutionResult, GraphQLError, responsePathAsArray } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { type GatewayContext, writtenIn } from '../resolve/context.ts'
import { original } from '../resolve/original.ts'
import { CrossfadeError } from '../util/errors.ts'

/** Codes that let a client mend its request, or wait, and send it again. */
const repeatable: ReadonlySet<string> = new Set(['BAD_USER_INPUT', 'TRY_AGAIN', 'UNAVAILABLE'])

type Keys = readonly (string | number)[]

const isAtOrBelow = (path: Keys, above: Keys): boolean => above.every((key, index) => path[index] === key)

/** The code by which a client would act; an app's own error has what the app gives it. */
function codeOf(cause: unknown): string | null {
  if (cause instanceof CrossfadeError) return cause.code
  return cause instanceof GraphQLError && cause.extensions['code'] === undefined ? 'BAD_USER_INPUT' : null
}

function told(error: GraphQLError): GraphQLError {
  const cause = original(error)
  const code = codeOf(cause)
  if (code === null || !repeatable.has(code)) return error
  // Of a store's trouble nothing is left for the client to do
  const why = code === 'BAD_USER_INPUT' ? `: ${error.message.replace(/\.$/, '')}` : ''
  const text = `The mutation was carried out, and this part of its answer could not be read${why}. Ask for it by a query.`
  const trouble = cause instanceof CrossfadeError ? cause.cause : undefined
  const originalError = new CrossfadeError('UNKNOWN_OUTCOME', text, { cause: trouble })
  return new GraphQLError(text, { nodes: error.nodes, path: error.path, originalError })
}

/**
 * Says of what fails behind a write that the write was made: whoever is told to try again, or of a mistake in a field of
 * the answer, would make it twice.
 */
export function toldAsCarriedOut(context: GatewayContext, result: ExecutionResult): ExecutionResult {
  if (!result.errors) return result
  const written = writtenIn(context).map(responsePathAsArray)
  if (written.length === 0) return result
  const isBehind = ({ path }: GraphQLError): boolean =>
    path !== undefined && written.some((above) => isAtOrBelow(path, above))
  return { ...result, errors: result.errors.map((error) => (isBehind(error) ? told(error) : error)) }
}

/** The same for Yoga. */
export const carriedOut: Plugin<GatewayContext> = {
  onExecute({ args }) {
    return {
      onExecuteDone({ result, setResult }) {
        if (!(Symbol.asyncIterator in result)) setResult(toldAsCarriedOut(args.contextValue, result))
      },
    }
  },
}
