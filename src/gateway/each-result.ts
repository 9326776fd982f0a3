import type { ExecutionArgs, ExecutionResult } from 'graphql'
import { isAsyncIterable, type Plugin } from 'graphql-yoga'

export interface Answered {
  readonly args: ExecutionArgs
  readonly result: ExecutionResult
}

/**
 * Looks at what is answered: to a query, to a mutation, and to each event of a subscription.
 *
 * @param inPlace what is answered in the place of a result; null leaves it as it is.
 */
export function eachResult(inPlace: (answered: Answered) => ExecutionResult | null): Plugin {
  const change = ({ args, result }: Answered, setResult: (result: ExecutionResult) => void): void => {
    const changed = inPlace({ args, result })
    if (changed) setResult(changed)
  }
  return {
    onExecute: ({ args }) => ({
      onExecuteDone({ result, setResult }) {
        if (!isAsyncIterable(result)) change({ args, result }, setResult)
      },
    }),
    onSubscribe: ({ args }) => ({
      onSubscribeResult: () => ({
        onNext: ({ result, setResult }) => change({ args, result: result as ExecutionResult }, setResult),
      }),
    }),
  }
}
