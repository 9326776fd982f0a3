import type { ExecutionResult } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { type GatewayContext, staleIn } from '../resolve/context.ts'

const tellsClients = ({ routing }: GatewayContext): boolean =>
  !('failOvers' in routing) || routing.failOvers.tellsClients

/**
 * Says in an answer's `extensions.crossfade.stale` of which types it shows an older state, since the store with authority
 * could not be asked: `asOf` is the time up to which it has every acknowledged write, null where nobody knows. Nothing is
 * said where the configuration has `tellStale: false`.
 */
export function withStale(context: GatewayContext, result: ExecutionResult): ExecutionResult {
  const stale = staleIn(context)
  if (!stale?.size || !tellsClients(context)) return result
  const types = [...stale].map(([type, asOf]) => [type, { asOf: asOf?.toISOString() ?? null }])
  return { ...result, extensions: { ...result.extensions, crossfade: { stale: Object.fromEntries(types) } } }
}

/** The same for Yoga. */
export const staleReads: Plugin<GatewayContext> = {
  onExecute({ args }) {
    return {
      onExecuteDone({ result, setResult }) {
        if (!(Symbol.asyncIterator in result)) setResult(withStale(args.contextValue, result))
      },
    }
  },
}
