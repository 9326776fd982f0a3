import { type ExecutionArgs, type ExecutionResult, GraphQLError, getOperationAST } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { PastLimit, toldLimit } from '../routing/past-limit.ts'
import { weighsMore } from '../util/weigh.ts'
import { eachResult } from './each-result.ts'
import type { Limits } from './limits.ts'
import { type Refusals, whoAsks } from './refusals.ts'

/** Errors of fields past which one is told in place of the answer, where they are of a limit. */
const mostErrors = 100

/** A limit that was passed while the query ran, for so many fields that to tell of each takes longer than what is refused. */
function passedByMany({ errors = [] }: ExecutionResult): PastLimit | undefined {
  if (errors.length <= mostErrors) return undefined
  return errors.map(({ originalError }) => originalError).find((error) => error instanceof PastLimit)
}

/**
 * Bounds an answer before it is written out: an alias repeats a large text, which until then is in memory once. Enforced
 * also where limits are only reported, since what it takes to write one out ends the gateway.
 */
export function answerLimit({ answerBytes }: Limits, refusals: Refusals): Plugin {
  const fact = `The answer is larger than ${answerBytes} bytes`

  /** A mutation has written all the same. */
  function refused({ document, operationName }: ExecutionArgs, limit: keyof Limits, fact: string): ExecutionResult {
    const isMutation = getOperationAST(document, operationName)?.operation === 'mutation'
    const [code, advice] = isMutation
      ? ['UNKNOWN_OUTCOME', 'Look what it has written before repeating it.']
      : ['BAD_USER_INPUT', 'Ask for less, or in several requests.']
    return { data: null, errors: [new GraphQLError(toldLimit(limit, fact, advice), { extensions: { code } })] }
  }

  /** What is answered in the place of a result that is past a limit; null where it is not. */
  function inPlaceOf(args: ExecutionArgs, result: ExecutionResult): ExecutionResult | null {
    const past = passedByMany(result)
    const found =
      past ?? (weighsMore(result, answerBytes) ? ({ limit: 'answerBytes', asked: null, fact } as const) : null)
    if (!found) return null
    const { limit, asked } = found
    refusals.note({ limit, asked, who: whoAsks(args.document, args.operationName) })
    return refused(args, limit, found.fact)
  }

  return eachResult(({ args, result }) => inPlaceOf(args, result))
}
