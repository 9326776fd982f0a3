import {
  GraphQLID,
  type GraphQLInputType,
  getNullableType,
  getOperationAST,
  isInputObjectType,
  isInputType,
  isListType,
  typeFromAST,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'
import { clientError } from '../resolve/client-error.ts'
import { CrossfadeError } from '../util/errors.ts'
import { isPlainObject, own } from '../util/json.ts'
import { onBegin } from './on-begin.ts'

/** A whole number that may have been another one before JSON was read. */
const isRounded = (value: unknown): boolean => Number.isInteger(value) && !Number.isSafeInteger(value)

/** Whether there is one anywhere: hardly ever. */
function holdsRounded(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return isRounded(value)
  return Object.values(value).some(holdsRounded)
}

/** Where one stands in the place of an `ID`; null where none does. */
function roundedId(given: GraphQLInputType, value: unknown): string | null {
  const type = getNullableType(given)
  if (isListType(type)) {
    if (!Array.isArray(value)) return roundedId(type.ofType, value)
    for (const [index, each] of value.entries()) {
      const found = roundedId(type.ofType, each)
      if (found !== null) return `[${index}]${found}`
    }
    return null
  }
  if (!isInputObjectType(type)) return type.name === GraphQLID.name && isRounded(value) ? '' : null
  if (!isPlainObject(value)) return null
  for (const { name, type: inner } of Object.values(type.getFields())) {
    const found = roundedId(inner, own(value, name))
    if (found !== null) return `.${name}${found}`
  }
  return null
}

const text = 'an ID past 2^53 has lost digits as a number; give it as a string.'

/** Refuses ids in variables that JSON has rounded: they would be those of other records. Those in a document are text. */
export const idNumbers: Plugin = onBegin(({ args, setResultAndStopExecution }) => {
  const { schema, document, operationName, variableValues } = args
  if (!variableValues || !holdsRounded(variableValues)) return
  for (const { variable, type: node } of getOperationAST(document, operationName)?.variableDefinitions ?? []) {
    const type = typeFromAST(schema, node)
    const { value: name } = variable.name
    const found = isInputType(type) ? roundedId(type, own(variableValues, name)) : null
    if (found === null) continue
    const error = clientError(new CrossfadeError('BAD_USER_INPUT', text), `$${name}${found}`)
    return setResultAndStopExecution({ errors: [error] })
  }
})
