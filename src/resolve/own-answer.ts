import { GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLInt, type GraphQLScalarType, GraphQLString } from 'graphql'
import type { KindName } from '../codec/kinds.ts'

const scalars: Readonly<Partial<Record<KindName, GraphQLScalarType>>> = {
  text: GraphQLString,
  enum: GraphQLString,
  int: GraphQLInt,
  float: GraphQLFloat,
  boolean: GraphQLBoolean,
  objectId: GraphQLID,
  longId: GraphQLID,
  compositeId: GraphQLID,
}

/**
 * What GraphQL's own scalar answers when a resolver returns a value: null where it throws. Undefined for kinds whose
 * scalar is not GraphQL's own.
 */
export function ownAnswer(kind: KindName, raw: unknown): unknown {
  const scalar = scalars[kind]
  if (!scalar) return undefined
  if (raw === null || raw === undefined) return null
  try {
    return scalar.serialize(raw)
  } catch {
    return null
  }
}
