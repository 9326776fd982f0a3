import type { ServerResponse } from 'node:http'
import type { Plugin } from 'graphql-yoga'

/** Answers to subscriptions, which have no end of their own. */
export class EventStreams {
  readonly #open = new Set<ServerResponse>()

  /** Learns of each from its beginning to its end. */
  readonly plugin: Plugin<{ readonly res?: ServerResponse }> = {
    onSubscribe: ({ args }) => {
      const { res } = args.contextValue as { readonly res?: ServerResponse }
      if (!res || res.destroyed) return
      this.#open.add(res)
      res.once('close', () => this.#open.delete(res))
    },
  }

  /** Cuts them off: their clients connect anew, which they would not where the stream had come to its end. */
  end(): void {
    for (const response of this.#open) response.destroy()
  }
}
