import type { ServerResponse } from 'node:http'
import { type ExecutionArgs, GraphQLError, getOperationAST } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { times } from '../control/times.ts'
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

const left = new CrossfadeError('UNAVAILABLE', 'The client has left.')
const answered = new CrossfadeError('UNAVAILABLE', 'The request is answered.')

/**
 * Aborted where the request's client leaves, or has its answer.
 *
 * @param response of Node's server, which tells as much as the signal of Yoga's request and costs less; a request of this
 * process has none.
 */
export function endsWith(request: Request, response?: ServerResponse): AbortController {
  const ends = new AbortController()
  const leave = (): void => {
    if (!response?.writableEnded) ends.abort(left)
  }
  if (response ? response.closed : request.signal.aborted) leave()
  else if (response) response.once('close', leave)
  else request.signal.addEventListener('abort', leave, { once: true })
  return ends
}

/** What a client is told of a request that did not end by itself. */
function unanswered({ document, operationName }: ExecutionArgs, text: string): GraphQLError {
  const isMutation = getOperationAST(document, operationName)?.operation === 'mutation'
  const [code, rest] = isMutation
    ? ['UNKNOWN_OUTCOME', 'look what it has written before repeating it']
    : ['UNAVAILABLE', 'ask for less']
  return new GraphQLError(`${text}; ${rest}.`, { extensions: { code } })
}

/**
 * Ends a request whose time is over: its reads are ended in their stores, and its writes that wait for their turn are
 * refused. Of one that goes on all the same nothing is known but that.
 *
 * @param ms for the whole of an operation's execution.
 */
export function deadline(ms: number): Plugin<Ends> {
  const text = `The request took longer than ${ms / 1_000} s (limits.answerMs)`
  return {
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn(async (args) => {
        const { ends }: Ends = args.contextValue
        const work = executeFn(args)
        const result = work instanceof Promise ? await awaitWithin(work, ms) : work
        if (result !== timedOut) {
          // A field that fails may end the answer before its siblings have theirs
          if (result.errors) ends.abort(answered)
          return result
        }
        ends.abort(new CrossfadeError('UNAVAILABLE', `${text}; ask for less.`))
        const ended = await awaitWithin(work, graceMs)
        return ended === timedOut ? { errors: [unanswered(args, text)] } : ended
      })
    },
  }
}
