import { type ExecutionArgs, type ExecutionResult, execute } from 'graphql'
import { isAsyncIterable, mapAsyncIterator, type Plugin } from 'graphql-yoga'
import { anew, type GatewayContext } from '../resolve/context.ts'
import { awaitWithin, timedOut } from '../util/await-within.ts'
import { type Ends, overdue, unanswered, waitOf, within } from './deadline.ts'
import { eventSource } from './event-source.ts'
import { withStale } from './stale-reads.ts'

type Context = GatewayContext & Ends

async function endOf(events: AsyncIterable<unknown>): Promise<void> {
  await events[Symbol.asyncIterator]().return?.()
}

/** Answers events as operations of their own. */
function eachAnswered(answerMs: number) {
  const run = within(answerMs, execute)
  async function answer(args: ExecutionArgs, event: unknown): Promise<ExecutionResult> {
    const of = args.contextValue as Context
    const ends = new AbortController()
    const leave = (): void => ends.abort(of.signal?.reason)
    if (of.signal?.aborted) leave()
    of.signal?.addEventListener('abort', leave, { once: true })
    try {
      const beginBy = performance.now() + waitOf(answerMs)
      const contextValue: Context = { ...anew(of), signal: ends.signal, ends, beginBy }
      return withStale(contextValue, await run({ ...args, rootValue: event, contextValue }))
    } finally {
      of.signal?.removeEventListener('abort', leave)
    }
  }
  return async (args: ExecutionArgs) => {
    const source = eventSource(args)
    const release = (): void => (args.contextValue as Context).heldRecords?.release()
    const events = await awaitWithin(source, answerMs).finally(release)
    if (events === timedOut) {
      ;(args.contextValue as Context).ends.abort(overdue(answerMs))
      // It may come all the same, and nobody is there to end it
      source.then((late) => (isAsyncIterable(late) ? endOf(late) : undefined)).catch(() => undefined)
      return unanswered(args, answerMs)
    }
    if (!isAsyncIterable(events)) return events
    const told = mapAsyncIterator(events, (event) => answer(args, event))
    // Nobody else would end it where the client has left before it was there
    if ((args.contextValue as Context).signal?.aborted) await told.return?.()
    return told
  }
}

/**
 * A subscription lives for longer than any request, and graphql-js answers all of its events in one context: what was
 * loaded for the first would be what the later ones show. Each has loaders, decisions and a time limit of its own.
 *
 * @param answerMs for one event.
 */
export const ownEvents = (answerMs: number): Plugin<Context> => ({
  onSubscribe({ setSubscribeFn }) {
    setSubscribeFn(eachAnswered(answerMs))
  },
})
