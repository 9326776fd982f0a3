import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isLeafType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'

/** What a part of the schema has below a field of introspection, by the resolvers of GraphQL itself. */
function below(schema: GraphQLSchema, part: unknown, field: GraphQLField<unknown, unknown>): unknown[] {
  const of = field.resolve as (source: unknown, args: object, context: null, info: object) => unknown
  const found = of(part, { includeDeprecated: true }, null, { schema })
  if (found === null || found === undefined) return []
  return Array.isArray(found) ? found : [found]
}

interface Counting {
  /** What a field counts by itself. */
  readonly ownValue: (node: FieldNode) => number
  readonly isLeftOut: (node: SelectionNode) => boolean
  /** Fields that are looked at; past it what is asked is infinite. */
  readonly most: number
}

/**
 * Counts the values that introspection answers, which multiply by what the schema has: its types by their fields by their
 * arguments. Looks at each selection once for each part of the schema, which is never more than the answer would.
 */
export function introspectionCost(
  schema: GraphQLSchema,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  { ownValue, isLeftOut, most }: Counting,
) {
  const known = new Map<SelectionSetNode, Map<unknown, number>>()
  let counted = 0

  function field(type: GraphQLNamedType, part: unknown, node: SelectionNode): number {
    if (node.kind === Kind.FRAGMENT_SPREAD) return selection(type, part, fragments.get(node.name.value)!.selectionSet)
    if (node.kind === Kind.INLINE_FRAGMENT) return selection(type, part, node.selectionSet)
    const definition = isObjectType(type) ? type.getFields()[node.name.value] : undefined
    const named = definition && getNamedType(definition.type)
    let values = ownValue(node)
    if (!named || !node.selectionSet || isLeafType(named)) return values
    for (const each of below(schema, part, definition)) values += selection(named, each, node.selectionSet)
    return values
  }

  /** What is asked of one part, such as a type or an argument: once for each, however often it is met. */
  function selection(type: GraphQLNamedType, part: unknown, set: SelectionSetNode): number {
    let parts = known.get(set)
    if (!parts) known.set(set, (parts = new Map()))
    let values = parts.get(part)
    if (values !== undefined) return values
    values = 0
    for (const node of set.selections) {
      if (++counted > most) return Number.POSITIVE_INFINITY
      if (!isLeftOut(node)) values += field(type, part, node)
    }
    parts.set(part, values)
    return values
  }

  return selection
}
