import type { ServerResponse } from 'node:http'
import { type ExecutionArgs, type ExecutionResult, GraphQLError, getOperationAST } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { times } from '../control/times.ts'
import type { GatewayContext } from '../resolve/context.ts'
import { memberResolver } from '../resolve/missing-value.ts'
import { answered } from '../routing/answered.ts'
import { awaitWithin, timedOut } from '../util/await-within.ts'
import { CrossfadeError } from '../util/errors.ts'

/** What was ended says so by itself; what does not is waited for no longer than this, in milliseconds. */
const graceMs = 500

/** How long a write may wait for its turn, in milliseconds: the rest of its request's time is for carrying it out. */
export const waitOf = (answerMs: number): number => Math.max(answerMs - times.remainder, answerMs * 0.8)

/** The part of a request's context that ends what it asks of the stores. */
export interface Ends {
  readonly ends: AbortController
}

type Timed = Ends & Required<Pick<GatewayContext, 'signal' | 'beginBy'>>

const left = new CrossfadeError('UNAVAILABLE', 'The client has left.')

/**
 * Aborted where the request's client leaves, or has its answer.
 *
 * @param request what tells of a client that leaves, where there is no response: of Yoga's a signal is made when it is asked
 * for.
 * @param response of Node's server, which tells as much and costs less; a request of this process has none.
 */
export function endsWith(
  request: { readonly signal?: AbortSignal | undefined },
  response?: ServerResponse,
): AbortController {
  const ends = new AbortController()
  const leave = (): void => {
    if (!response?.writableEnded) ends.abort(left)
  }
  if (response) {
    if (response.closed) leave()
    else response.once('close', leave)
    return ends
  }
  const { signal } = request
  if (signal?.aborted) leave()
  else signal?.addEventListener('abort', leave, { once: true })
  return ends
}

/** The part of a request's context that says when it ends, and when its writes must have begun. */
export function timed(answerMs: number, ...from: Parameters<typeof endsWith>): Timed {
  const ends = endsWith(...from)
  return { signal: ends.signal, beginBy: performance.now() + waitOf(answerMs), ends }
}

const tooLong = (ms: number): string => `The request took longer than ${ms / 1_000} s (limits.answerMs)`

/** Why what a request asks of the stores is ended. */
export const overdue = (ms: number): CrossfadeError =>
  new CrossfadeError('UNAVAILABLE', `${tooLong(ms)}; ask for less.`)

/** What a client is told of a request that did not end by itself. */
export function unanswered({ document, operationName }: ExecutionArgs, ms: number): ExecutionResult {
  const isMutation = getOperationAST(document, operationName)?.operation === 'mutation'
  const [code, rest] = isMutation
    ? ['UNKNOWN_OUTCOME', 'look what it has written before repeating it']
    : ['UNAVAILABLE', 'ask for less']
  return { errors: [new GraphQLError(`${tooLong(ms)}; ${rest}.`, { extensions: { code } })] }
}

type Execute<R extends ExecutionResult> = (args: ExecutionArgs) => R | Promise<R>

/**
 * Ends a request whose time is over: its reads are ended in their stores, and its writes that wait for their turn are
 * refused. Of one that goes on all the same nothing is known but that.
 *
 * @param ms for the whole of an operation's execution.
 */
export function within<R extends ExecutionResult>(ms: number, execute: Execute<R>) {
  return async (args: ExecutionArgs): Promise<R | ExecutionResult> => {
    const { ends, heldRecords } = args.contextValue as Ends & Pick<GatewayContext, 'heldRecords'>
    try {
      if (ends.signal.aborted) return { errors: [new GraphQLError(left.message, { originalError: left })] }
      const work = execute({ ...args, fieldResolver: args.fieldResolver ?? memberResolver })
      const result = work instanceof Promise ? await awaitWithin(work, ms) : work
      if (result !== timedOut) {
        // A field that fails may end the answer before its siblings have theirs
        if (result.errors) ends.abort(answered)
        return result
      }
      ends.abort(overdue(ms))
      const ended = await awaitWithin(work as Promise<R>, graceMs)
      return ended === timedOut ? unanswered(args, ms) : ended
    } finally {
      heldRecords?.release()
    }
  }
}

/** The same for Yoga. */
export const deadline = (ms: number): Plugin<Ends> => ({
  onExecute({ executeFn, setExecuteFn }) {
    setExecuteFn(within(ms, executeFn))
  },
})
