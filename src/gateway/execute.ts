import { type ExecutionArgs, type ExecutionResult, execute, GraphQLError } from 'graphql'
import type { GatewayContext } from '../resolve/context.ts'
import type { Routing } from '../routing/routing.ts'
import { CrossfadeError } from '../util/errors.ts'
import { toldAsCarriedOut } from './carried-out.ts'
import type { CrossfadeConfig } from './config.ts'
import { type Ends, within } from './deadline.ts'
import type { Limits } from './limits.ts'
import { maskError } from './mask-error.ts'
import { Refusals } from './refusals.ts'
import { withShortErrors } from './short-errors.ts'
import { withStale } from './stale-reads.ts'

interface Options extends Pick<Routing, 'log'> {
  readonly limits: Limits
  readonly showError: CrossfadeConfig['showError']
}

const isOurs = (context: unknown): context is GatewayContext & Ends =>
  typeof context === 'object' && context !== null && 'routing' in context && 'ends' in context

/**
 * Executes as the gateway does, for a server of the team's own: within the request's time, with what clients are to know of
 * stale answers and of writes that were carried out, and with errors that show nothing but what is the client's to know.
 */
export function executor({ limits, log, showError }: Options): (args: ExecutionArgs) => Promise<ExecutionResult> {
  const mask = maskError(log, new Refusals(limits, log), showError)
  const masked = (error: GraphQLError): GraphQLError => {
    const shown = mask(error)
    return shown instanceof GraphQLError ? shown : new GraphQLError(shown.message)
  }
  const run = within(limits.answerMs, execute)
  const begun = new WeakSet<AbortController>()
  return async (args) => {
    const context = args.contextValue
    if (!isOurs(context)) {
      const remedy = 'Make it with crossfade.context(), and spread that where there is more in it.'
      throw new CrossfadeError('MISCONFIGURED', `The context is none of Crossfade's. ${remedy}`)
    }
    // What ends one operation would end the others, and one decides for all where a type is read
    if (begun.has(context.ends)) {
      const remedy = 'Make one for each, and leave batches of operations off'
      throw new CrossfadeError('MISCONFIGURED', `A context is for one operation. ${remedy}.`)
    }
    begun.add(context.ends)
    const result = toldAsCarriedOut(context, withStale(context, await run(args)))
    return withShortErrors(result.errors ? { ...result, errors: result.errors.map(masked) } : result)
  }
}
