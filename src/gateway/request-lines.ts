import type { Plugin } from 'graphql-yoga'
import { type GatewayContext, storesIn } from '../resolve/context.ts'
import { chosenOperation } from './chosen-operation.ts'
import { codesIn } from './codes-in.ts'
import { onBegin } from './on-begin.ts'

/** Takes what is told of one request; no argument, variable or value is among it. */
export type LogRequest = (operation: string, fields: object) => void

interface Line {
  readonly began: number
  operation?: string
  context?: GatewayContext
  /** Codes of what went wrong, each once. */
  errors?: readonly string[]
}

/**
 * One line for each request: its operation, how it ended, after how many milliseconds, and which store its reads of a type
 * went to. Of a subscription it tells how it began.
 */
export function requestLines(log: LogRequest): Plugin {
  const lines = new WeakMap<Request, Line>()
  return {
    // One that does not fit the contract is known by its name as well
    onValidate({ params: { documentAST }, context: { request, params } }) {
      const line = lines.get(request)
      const operation = line && chosenOperation(documentAST, params.operationName)
      if (operation) line.operation = operation.title
    },
    ...onBegin(({ args: { contextValue } }) => {
      const context = contextValue as GatewayContext & { readonly request: Request }
      const line = lines.get(context.request)
      if (line) line.context = context
    }),
    onRequest({ request }) {
      lines.set(request, { began: performance.now() })
    },
    onResultProcess({ request, result }) {
      const line = lines.get(request)
      const codes = codesIn(result)
      if (line && codes.length > 0) line.errors = codes
    },
    onResponse({ request, response: { status } }) {
      const line = lines.get(request)
      if (!line) return
      const { began, operation = 'no operation', errors, context } = line
      const ms = Math.round((performance.now() - began) * 10) / 10
      const stores = context && storesIn(context)
      log(operation, { status, ms, errors, stores: stores && Object.fromEntries(stores) })
    },
  }
}
