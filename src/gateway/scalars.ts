import { type ConstValueNode, GraphQLError, valueFromASTUntyped } from 'graphql'
import { jsonKind } from '../codec/json.ts'
import { timestampKind } from '../codec/timestamp.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Json } from '../util/json.ts'
import type { Builder } from './builder.ts'

function checked<T>(parse: (value: unknown) => T): (value: unknown) => T {
  return (value) => {
    try {
      return parse(value)
    } catch (error) {
      if (!(error instanceof CrossfadeError)) throw error
      throw new GraphQLError(error.message, { extensions: { code: error.code } })
    }
  }
}

const parseDate = checked((value) => {
  if (typeof value !== 'string') throw new CrossfadeError('BAD_USER_INPUT', 'A date is a string in ISO 8601.')
  return timestampKind.parse(value)
})
const parseJson = checked(jsonKind.parse)

/** The scalars of a contract: DateTime is ISO 8601 in UTC with milliseconds, JSON any JSON value. */
export function addScalars(builder: Builder, descriptions: { DateTime?: string; JSON?: string } = {}): void {
  builder.scalarType('DateTime', {
    description: descriptions.DateTime,
    serialize: (value) => (value as Date).toISOString(),
    parseValue: parseDate,
  })
  builder.scalarType('JSON', {
    description: descriptions.JSON,
    serialize: (value) => value as Json,
    parseValue: parseJson,
    // Written out: the default would turn a literal into values with a null prototype
    parseLiteral: (node, variables) =>
      parseJson(structuredClone(valueFromASTUntyped(node as ConstValueNode, variables))),
  })
}
