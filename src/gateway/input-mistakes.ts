import {
  coerceInputValue,
  type GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  isInputType,
  typeFromAST,
  type VariableDefinitionNode,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { clientError } from '../resolve/client-error.ts'
import { CrossfadeError } from '../util/errors.ts'
import { weighsMore } from '../util/weigh.ts'
import { onBegin } from './on-begin.ts'

/** Bytes of variables past which one mistake in them is told, and not each. */
const largeBytes = 20_000

/** Ends the look at the first mistake. */
class Mistake extends Error {}

const pathText = (path: readonly (string | number)[]): string =>
  path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')

/** The first mistake in a variable; null where there is none, or where whoever executes tells it at no cost. */
function mistakeIn(
  schema: GraphQLSchema,
  { variable, type: node }: VariableDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): string | null {
  const name = variable.name.value
  const type = typeFromAST(schema, node)
  const value = variables[name]
  if (!isInputType(type) || value === undefined || value === null) return null
  try {
    coerceInputValue(value, type, (path, _, { message }) => {
      const at = path.length > 0 ? ` at "${name}${pathText(path)}"` : ''
      throw new Mistake(`Variable "$${name}" got invalid value${at}; ${message}`)
    })
    return null
  } catch (error) {
    if (error instanceof Mistake) return error.message
    if (error instanceof RangeError) return null // nested too deep
    throw error
  }
}

/**
 * Tells the first mistake in large variables, without the value: GraphQL repeats the value around it for each of fifty,
 * which took two seconds and fifty megabytes. Mistakes in others show when they are read to be executed.
 */
export const inputMistakes: Plugin = onBegin(({ args, setResultAndStopExecution }) => {
  const { schema, document, operationName, variableValues } = args
  const { variableDefinitions = [] } = getOperationAST(document, operationName) ?? {}
  if (!variableValues || variableDefinitions.length === 0 || !weighsMore(variableValues, largeBytes)) return
  for (const definition of variableDefinitions) {
    const found = mistakeIn(schema, definition, variableValues)
    if (found !== null) return setResultAndStopExecution({ errors: [told(found)] })
  }
})

const told = (message: string): GraphQLError => clientError(new CrossfadeError('BAD_USER_INPUT', message))
