import type { ServerResponse } from 'node:http'
import type { ExecutionArgs } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { clientError } from '../resolve/client-error.ts'
import { toldLimit } from '../routing/past-limit.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Limits } from './limits.ts'
import { type Refusals, whoAsks } from './refusals.ts'

const full = toldLimit('subscriptions', 'The gateway has as many subscriptions open as it takes', 'Try again later.')

/** Answers to subscriptions, which have no end of their own. */
export class EventStreams {
  readonly #open = new Set<ServerResponse>()

  /** Learns of each from its beginning to its end, and refuses what is past the limit. */
  plugin({ subscriptions: most }: Limits, refusals: Refusals): Plugin<{ readonly res?: ServerResponse }> {
    return {
      onSubscribe: ({ args, setResultAndStopExecution }) => {
        const { contextValue, document, operationName } = args as ExecutionArgs
        const { res } = contextValue as { readonly res?: ServerResponse }
        if (!res || res.destroyed) return
        if (this.#open.size >= most) {
          refusals.note({ limit: 'subscriptions', asked: null, who: whoAsks(document, operationName) })
          return setResultAndStopExecution({ errors: [clientError(new CrossfadeError('TRY_AGAIN', full))] })
        }
        this.#open.add(res)
        res.once('close', () => this.#open.delete(res))
      },
    }
  }

  /** Cuts them off: their clients connect anew, which they would not where the stream had come to its end. */
  end(): void {
    for (const response of this.#open) response.destroy()
  }
}
