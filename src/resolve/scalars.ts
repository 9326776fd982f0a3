import { type ConstValueNode, GraphQLScalarType, Kind, valueFromASTUntyped } from 'graphql'
import { kinds } from '../codec/kinds.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Json } from '../util/json.ts'
import { clientError } from './client-error.ts'

type ScalarKind = keyof typeof kinds

/** Json is any value, and a long may be given as a number. */
const givenAsText = (kind: ScalarKind): boolean => kind !== 'json' && kind !== 'long'

function serialize(value: unknown): Json {
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'bigint' ? String(value) : (value as Json)
}

/** The scalar whose values are those of a kind: the kind checks what clients give. */
function scalar<Internal>(name: string, kind: ScalarKind): GraphQLScalarType<Internal, Json> {
  const parse = (value: unknown): Internal => {
    try {
      if (givenAsText(kind) && typeof value !== 'string')
        throw new CrossfadeError('BAD_USER_INPUT', `${name} is given as a string.`)
      return kinds[kind].parse(value) as Internal
    } catch (error) {
      if (!(error instanceof CrossfadeError)) throw error
      throw clientError(error)
    }
  }
  const made = new GraphQLScalarType<Internal, Json>({
    name,
    serialize,
    parseValue: parse,
    // Written out: the default would turn a literal into values with a null prototype
    parseLiteral: (node, variables) => {
      // As text: a double has lost digits of a long, or what followed the point
      if (kind === 'long' && (node.kind === Kind.INT || node.kind === Kind.FLOAT)) return parse(node.value)
      return parse(structuredClone(valueFromASTUntyped(node as ConstValueNode, variables)))
    },
  })
  // Tools that join SDL and resolvers take what a resolver enumerates for what the contract says, `undefined` as well
  for (const word of ['description', 'specifiedByURL']) Object.defineProperty(made, word, { enumerable: false })
  return made
}

/**
 * The scalars of those kinds that GraphQL has none for, by their names in the contract. A schema that is written as SDL
 * takes the ones that it declares (`scalar DateTime`) into its resolvers; a value that is not of the kind is answered
 * with `BAD_USER_INPUT`. They have no descriptions: those are the contract's.
 *
 * @example makeExecutableSchema({ typeDefs, resolvers: { DateTime: scalars.DateTime, Query: { … } } })
 */
export const scalars = {
  DateTime: scalar<Date>('DateTime', 'timestamp'),
  JSON: scalar<Json>('JSON', 'json'),
  Decimal: scalar<string>('Decimal', 'decimal'),
  Long: scalar<bigint>('Long', 'long'),
  UUID: scalar<string>('UUID', 'uuid'),
  Base64: scalar<string>('Base64', 'binary'),
} as const
