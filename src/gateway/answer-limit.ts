import type { ServerResponse } from 'node:http'
import { type ExecutionArgs, type ExecutionResult, GraphQLError, getOperationAST } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { PastLimit, toldLimit } from '../routing/past-limit.ts'
import { bytesInJson, weigh } from '../util/weigh.ts'
import { eachResult } from './each-result.ts'
import type { Limits } from './limits.ts'
import { type Refusals, whoAsks } from './refusals.ts'
import type { Unread } from './unread.ts'
import { noRoom, noRoomFact } from './when-room.ts'

/** Characters up to which an answer counts as so many bytes: how many it has shows as soon as it is written. */
const soonMeasured = 65_536

/** Bytes that JSON writes for one character at most: \u0001. */
const mostPerCharacter = 6

/** Errors of fields past which one is told in place of the answer, where they are of a limit. */
const mostErrors = 100

/** A limit that was passed while the query ran, for so many fields that to tell of each takes longer than what is refused. */
function passedByMany({ errors = [] }: ExecutionResult): PastLimit | undefined {
  if (errors.length <= mostErrors) return undefined
  return errors.map(({ originalError }) => originalError).find((error) => error instanceof PastLimit)
}

interface Passed {
  readonly limit: 'answerBytes' | 'unreadBytes' | PastLimit['limit']
  readonly asked: number | null
  /** What is too much, without a full stop. */
  readonly fact: string
}

/** A mutation has written all the same. */
function refused({ document, operationName }: ExecutionArgs, { limit, fact }: Passed): ExecutionResult {
  const isMutation = getOperationAST(document, operationName)?.operation === 'mutation'
  const isOfAll = limit === 'unreadBytes' || limit === 'allRecordBytes'
  if (isOfAll && !isMutation) return { errors: [noRoom(limit, fact)] }
  const [code, advice] = isMutation
    ? ['UNKNOWN_OUTCOME', 'Look what it has written before repeating it.']
    : ['BAD_USER_INPUT', 'Ask for less, or in several requests.']
  return { data: null, errors: [new GraphQLError(toldLimit(limit, fact, advice), { extensions: { code } })] }
}

/**
 * Bounds an answer before it is written out: an alias repeats a large text, which until then is in memory once. Enforced
 * also where limits are only reported, since what it takes to write one out ends the gateway. So is one for which there is
 * no room beside those that their clients have not read.
 */
export function answerLimit({ answerBytes }: Limits, refusals: Refusals, unread: Unread): Plugin {
  const tooLarge = {
    limit: 'answerBytes',
    asked: null,
    fact: `The answer is larger than ${answerBytes} bytes`,
  } as const
  const withoutRoom = { limit: 'unreadBytes', asked: null, fact: noRoomFact } as const

  const taken = (res: ServerResponse | undefined, bytes: number): Passed | null =>
    !res || unread.take(res, bytes) ? null : withoutRoom

  function passed({ contextValue }: ExecutionArgs, result: ExecutionResult): Passed | null {
    const past = passedByMany(result)
    if (past) return past
    const { res } = contextValue as { readonly res?: ServerResponse }
    // Of most answers by characters alone, and also of those that are refused: to count bytes takes as long as to write them
    const about = weigh(result, answerBytes)
    if (about > answerBytes) return tooLarge
    // Of a stream one event is kept that nothing measures
    const countsExactly = about > soonMeasured || about * mostPerCharacter > answerBytes || res?.headersSent
    if (!countsExactly) return taken(res, about)
    if (res && !unread.fits(res, about)) return withoutRoom
    const bytes = weigh(result, answerBytes, bytesInJson)
    return bytes > answerBytes ? tooLarge : taken(res, bytes)
  }

  return eachResult(({ args, result }) => {
    const found = passed(args, result)
    if (!found) return null
    refusals.note({ ...found, who: whoAsks(args.document, args.operationName) })
    return refused(args, found)
  })
}
