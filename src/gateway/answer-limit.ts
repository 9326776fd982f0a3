import { type ExecutionResult, GraphQLError, getOperationAST } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { PastLimit, toldLimit } from '../routing/past-limit.ts'
import { weighsMore } from '../util/weigh.ts'
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
  return {
    onExecute({ args: { document, operationName } }) {
      /** A mutation has written all the same. */
      function refused(limit: keyof Limits, fact: string): ExecutionResult {
        const isMutation = getOperationAST(document, operationName)?.operation === 'mutation'
        const [code, advice] = isMutation
          ? ['UNKNOWN_OUTCOME', 'Look what it has written before repeating it.']
          : ['BAD_USER_INPUT', 'Ask for less, or in several requests.']
        return { data: null, errors: [new GraphQLError(toldLimit(limit, fact, advice), { extensions: { code } })] }
      }
      return {
        onExecuteDone({ result, setResult }) {
          if (!('data' in result || 'errors' in result)) return // a stream, of which there are none
          const past = passedByMany(result)
          const found =
            past ?? (weighsMore(result, answerBytes) ? ({ limit: 'answerBytes', asked: null, fact } as const) : null)
          if (!found) return
          const { limit, asked } = found
          refusals.note({ limit, asked, who: whoAsks(document, operationName) })
          setResult(refused(limit, found.fact))
        },
      }
    },
  }
}
