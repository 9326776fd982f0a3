import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { toldLimit } from '../routing/past-limit.ts'
import { onBegin } from './on-begin.ts'
import { type Refusals, whoAsks } from './refusals.ts'
import type { Unread } from './unread.ts'

export const noRoomFact = 'Too many answers wait for clients to read them'

/** What a client is told whose request changed nothing. */
export const noRoom = (limit = 'unreadBytes', fact = noRoomFact): GraphQLError =>
  new GraphQLError(toldLimit(limit, fact, 'Try again later.'), {
    extensions: { code: 'TRY_AGAIN', http: { status: 503 } },
  })

/** Lets no operation begin whose answer there would be no room for. */
export const whenRoom = (refusals: Refusals, unread: Unread): Plugin =>
  onBegin(({ args: { document, operationName }, setResultAndStopExecution }) => {
    if (!unread.isFull) return
    refusals.note({ limit: 'unreadBytes', asked: null, who: whoAsks(document, operationName) })
    setResultAndStopExecution({ errors: [noRoom()] })
  })
