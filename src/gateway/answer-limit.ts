import { GraphQLError, getOperationAST } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { toldLimit } from '../routing/past-limit.ts'
import { weighsMore } from '../util/weigh.ts'
import type { Limits } from './limits.ts'
import { type Refusals, whoAsks } from './refusals.ts'

/**
 * Bounds an answer before it is written out: an alias repeats a large text, which until then is in memory once. Enforced
 * also where limits are only reported, since what it takes to write one out ends the gateway.
 */
export function answerLimit({ answerBytes }: Limits, refusals: Refusals): Plugin {
  const fact = `The answer is larger than ${answerBytes} bytes`
  return {
    onExecute({ args: { document, operationName } }) {
      return {
        onExecuteDone({ result, setResult }) {
          if (!weighsMore(result, answerBytes)) return
          refusals.note({ limit: 'answerBytes', asked: null, who: whoAsks(document, operationName) })
          const isMutation = getOperationAST(document, operationName)?.operation === 'mutation'
          const [code, advice] = isMutation
            ? ['UNKNOWN_OUTCOME', 'Look what it has written before repeating it.']
            : ['BAD_USER_INPUT', 'Ask for less, or in several requests.']
          const error = new GraphQLError(toldLimit('answerBytes', fact, advice), { extensions: { code } })
          setResult({ data: null, errors: [error] })
        },
      }
    },
  }
}
