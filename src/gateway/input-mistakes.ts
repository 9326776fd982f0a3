import { type GraphQLError, getOperationAST, getVariableValues } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { clientError } from '../resolve/client-error.ts'
import { CrossfadeError } from '../util/errors.ts'
import { weighsMore } from '../util/weigh.ts'

/** Bytes of variables past which one mistake in them is told, and not each. */
const largeBytes = 20_000

/**
 * Tells the first mistake in large variables: GraphQL repeats the value around it for each of fifty, which took two seconds
 * and fifty megabytes. Mistakes in others show when they are read to be executed.
 */
export const inputMistakes: Plugin = {
  onExecute({ args: { schema, document, operationName, variableValues }, setResultAndStopExecution }) {
    const { variableDefinitions = [] } = getOperationAST(document, operationName) ?? {}
    if (!variableValues || variableDefinitions.length === 0 || !weighsMore(variableValues, largeBytes)) return
    const [error] = getVariableValues(schema, variableDefinitions, variableValues, { maxErrors: 1 }).errors ?? []
    // What is nested too deep is told by whoever executes
    if (error && !((error.originalError ?? error) instanceof RangeError))
      setResultAndStopExecution({ errors: [told(error)] })
  },
}

const told = ({ message }: GraphQLError): GraphQLError => clientError(new CrossfadeError('BAD_USER_INPUT', message))
