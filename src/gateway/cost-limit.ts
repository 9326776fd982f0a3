import type { ExecutionArgs, GraphQLSchema } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Entity } from '../entity/entity.ts'
import { type Cost, costs } from './cost.ts'
import type { Limits } from './limits.ts'
import { refusal } from './refusal.ts'

/** A request with this header is told what it costs, in the answer's `extensions.cost`. */
export const costHeader = 'x-crossfade-cost'

const advice = 'Ask for smaller pages, fewer levels or fewer fields.'

/** What is too much; null where nothing is. */
function excess({ cost, nodes }: Cost, limits: Limits): string | null {
  if (nodes > limits.nodes)
    return `The answer may hold ${nodes} objects, and at most ${limits.nodes} are allowed. ${advice}`
  if (cost > limits.cost) return `The query costs ${cost}, and at most ${limits.cost} is allowed. ${advice}`
  return null
}

/** Refuses queries that cost too much before the first resolver runs. */
export function costLimit(schema: GraphQLSchema, entities: readonly Entity[], limits: Limits): Plugin {
  const costOf = costs(schema, entities, limits.listSize)

  function look(args: ExecutionArgs, request: Request) {
    const found = costOf(args.document, args.operationName, args.variableValues ?? {})
    if (!found) return {}
    const { cost: asked, nodes } = found
    const shown = { cost: { asked, limit: limits.cost, nodes, nodesLimit: limits.nodes } }
    const extensions = request.headers.get(costHeader) === null ? undefined : shown
    const message = excess(found, limits)
    return { extensions, refused: message === null ? undefined : { errors: [refusal(message)], extensions } }
  }

  return {
    onExecute({ args, setResultAndStopExecution }) {
      const { extensions, refused } = look(args, args.contextValue.request)
      if (refused) return setResultAndStopExecution(refused)
      if (!extensions) return
      return {
        onExecuteDone({ result, setResult }) {
          if ('data' in result || 'errors' in result)
            setResult({ ...result, extensions: { ...result.extensions, ...extensions } })
        },
      }
    },
    onSubscribe({ args, setResultAndStopExecution }) {
      const { refused } = look(args, args.contextValue.request)
      if (refused) setResultAndStopExecution(refused)
    },
  }
}
