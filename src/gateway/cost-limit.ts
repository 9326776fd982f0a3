import type { ExecutionArgs, GraphQLSchema } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Entity } from '../entity/entity.ts'
import { type Cost, costs } from './cost.ts'
import type { Limits } from './limits.ts'
import { type Refusals, type TooMuch, whoAsks } from './refusals.ts'

/** A request with this header is told what it costs, in the answer's `extensions.cost`. */
export const costHeader = 'x-crossfade-cost'

const advice = 'Ask for smaller pages, fewer levels, fields or conditions.'

/** Refuses queries that cost too much before the first resolver runs. */
export function costLimit(
  schema: GraphQLSchema,
  entities: readonly Entity[],
  limits: Limits,
  refusals: Refusals,
): Plugin {
  const costOf = costs(schema, entities, limits)

  /** Advice is the same for both, and is given once. */
  function* excess({ cost, nodes }: Cost, { document, operationName }: ExecutionArgs): Generator<TooMuch> {
    const [isNodes, isCost] = [nodes > limits.nodes, cost > limits.cost]
    if (!isNodes && !isCost) return
    const who = whoAsks(document, operationName)
    const ofNodes = `The answer may hold ${nodes} objects, and at most ${limits.nodes} are allowed`
    if (isNodes) yield { limit: 'nodes', asked: nodes, who, fact: ofNodes, advice: isCost ? undefined : advice }
    const ofCost = `The query costs ${cost}, and at most ${limits.cost} is allowed`
    if (isCost) yield { limit: 'cost', asked: cost, who, fact: ofCost, advice }
  }

  function look(args: ExecutionArgs, request: Request) {
    const found = costOf(args.document, args.operationName, args.variableValues ?? {})
    if (!found) return {}
    const { cost: asked, nodes } = found
    const shown = { cost: { asked, limit: limits.cost, nodes, nodesLimit: limits.nodes } }
    const extensions = request.headers.get(costHeader) === null ? undefined : shown
    const error = refusals.refuse([...excess(found, args)])
    return { extensions, refused: error === null ? undefined : { errors: [error], extensions } }
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
