import type { ExecutionArgs, ExecutionResult } from 'graphql'
import type { Plugin } from 'graphql-yoga'

/** What is known when an operation begins. */
export interface Begun {
  readonly args: ExecutionArgs
  readonly setResultAndStopExecution: (result: ExecutionResult) => void
}

/** Looks at operations of all kinds before anything is executed: Yoga tells of subscriptions apart. */
export const onBegin = (look: (begun: Begun) => void): Plugin => ({ onExecute: look, onSubscribe: look })
