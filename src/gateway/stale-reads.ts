import type { Plugin } from 'graphql-yoga'
import { type GatewayContext, staleIn } from '../resolve/context.ts'

/**
 * Says in an answer's `extensions.crossfade.stale` of which types it shows an older state, since the store with authority
 * could not be asked: `asOf` is the time up to which it has every acknowledged write, null where nobody knows.
 */
export const staleReads: Plugin<GatewayContext> = {
  onExecute({ args }) {
    return {
      onExecuteDone({ result, setResult }) {
        const stale = staleIn(args.contextValue)
        if (!stale?.size || Symbol.asyncIterator in result) return
        const types = [...stale].map(([type, asOf]) => [type, { asOf: asOf?.toISOString() ?? null }])
        setResult({ ...result, extensions: { ...result.extensions, crossfade: { stale: Object.fromEntries(types) } } })
      },
    }
  },
}
