import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { own } from '../util/json.ts'
import { onceFor } from '../util/once-for.ts'
import { type FieldCosts, fieldCosts } from './field-cost.ts'

/** What an operation may make the gateway do at most; numbers past 2^53 are cut to it. */
export interface Cost {
  /** Values of the answer, and 100 for each statement. */
  readonly cost: number
  /** Objects of the answer. */
  readonly nodes: number
}

export type Variables = Readonly<Record<string, unknown>>

/** What a selection asks: of each object that it stands on, and, of statements, once for all of them. */
interface Part {
  readonly values: number
  readonly nodes: number
  readonly statements: number
}

/** In values: a statement took a third of a millisecond, a value a few microseconds. */
const perStatement = 100

/** In values: a field of introspection is answered for each type, or each field, of the schema. */
const perIntrospected = 100

/** No product of two becomes infinite, and none of a zero and one that did becomes NaN, which no limit would stop. */
const cut = (count: number): number => Math.min(count, Number.MAX_SAFE_INTEGER)

interface Counted {
  readonly cost: Cost
  /** Variables that were looked at: by others the cost does not change. */
  readonly looked: readonly string[]
}

function count(
  schema: GraphQLSchema,
  costOf: FieldCosts,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
): Counted {
  const looked = new Set<string>()
  const isFragment = (each: DocumentNode['definitions'][number]): each is FragmentDefinitionNode =>
    each.kind === Kind.FRAGMENT_DEFINITION
  const fragments = new Map(document.definitions.filter(isFragment).map((each) => [each.name.value, each]))
  const counted = new Map<string, Part>()

  /** The number, or true or false, that an argument has; `usual` where none is given. */
  function givenBy(node: ValueNode, usual: unknown): unknown {
    if (node.kind === Kind.INT) return Number(node.value)
    if (node.kind === Kind.BOOLEAN) return node.value
    if (node.kind !== Kind.VARIABLE) return null
    const name = node.name.value
    looked.add(name)
    const sent = own(variables, name)
    if (sent !== undefined) return sent
    const definition = operation.variableDefinitions?.find(({ variable }) => variable.name.value === name)
    return definition?.defaultValue ? givenBy(definition.defaultValue, usual) : usual
  }

  /** Null where no argument tells; what is no number is refused by whoever reads it. */
  function askedSize({ arguments: args }: FieldNode, sizes: ReadonlyMap<string, unknown>): number | null {
    let asked: number | null = null
    for (const [name, usual] of sizes) {
      const argument = args?.find((each) => each.name.value === name)
      const value = argument ? givenBy(argument.value, usual) : usual
      if (typeof value === 'number') asked = Math.max(asked ?? 0, value)
    }
    return asked
  }

  function isLeftOut({ name: { value: name }, arguments: args }: DirectiveNode): boolean {
    const condition = args?.find((each) => each.name.value === 'if')
    return condition !== undefined && givenBy(condition.value, undefined) === { skip: true, include: false }[name]
  }

  function introspection(parent: GraphQLNamedType, { name: { value: name }, selectionSet }: FieldNode): Part {
    if (name === '__typename') return { values: 1, nodes: 0, statements: 0 }
    const definition = isObjectType(parent) ? parent.getFields()[name] : undefined
    const type = definition ? getNamedType(definition.type) : typeOf(name === '__schema' ? '__Schema' : '__Type')
    const below = selectionSet ? selection(type, selectionSet, null).values : 0
    return { values: perIntrospected + below, nodes: 0, statements: 0 }
  }

  function field(parent: GraphQLNamedType, node: FieldNode, page: number | null): Part {
    const owner = isObjectType(parent) || isInterfaceType(parent) ? parent : null
    const definition = owner?.getFields()[node.name.value]
    if (!owner || !definition || isIntrospectionType(owner)) return introspection(parent, node)
    const { type, holds, sizes, size, most, isNode, statements } = costOf(owner, definition)
    if (holds === 'value' || !node.selectionSet) return { values: 1, nodes: 0, statements }
    const asked = askedSize(node, sizes) ?? (holds === 'list' ? page : null) ?? size
    const bounded = asked === null ? null : Math.min(asked, most)
    const inner = selection(type, node.selectionSet, holds === 'list' ? null : bounded)
    const times = holds === 'list' ? bounded! : 1
    return {
      values: cut(1 + times * inner.values),
      nodes: cut(times * (inner.nodes + (isNode ? 1 : 0))),
      statements: statements + inner.statements,
    }
  }

  /** Once for each page size that it is asked with, not for each spread: those may double with each level. */
  function fragment(name: string, page: number | null): Part {
    const key = `${page} ${name}`
    let part = counted.get(key)
    if (!part) {
      const { typeCondition, selectionSet } = fragments.get(name)!
      counted.set(key, (part = selection(typeOf(typeCondition.name.value), selectionSet, page)))
    }
    return part
  }

  /** `page`: how many the lists directly below hold, where the field above them tells. */
  function selection(type: GraphQLNamedType, { selections }: SelectionSetNode, page: number | null): Part {
    let [values, nodes, statements] = [0, 0, 0]
    for (const each of selections) {
      let part: Part
      if (each.kind === Kind.FIELD) part = field(type, each, page)
      else if (each.kind === Kind.FRAGMENT_SPREAD) part = fragment(each.name.value, page)
      else part = selection(each.typeCondition ? typeOf(each.typeCondition.name.value) : type, each.selectionSet, page)
      // Counted in any case, so that all variables are looked at
      if (each.directives?.some(isLeftOut)) continue
      values += part.values
      nodes += part.nodes
      statements += part.statements
    }
    return { values: cut(values), nodes: cut(nodes), statements: cut(statements) }
  }

  const typeOf = (name: string): GraphQLNamedType => schema.getType(name)!
  const root = schema.getRootType(operation.operation)
  if (!root) return { cost: { cost: 0, nodes: 0 }, looked: [] } // execution tells
  const { values, nodes, statements } = selection(root, operation.selectionSet, null)
  return { cost: { cost: cut(values + perStatement * statements), nodes }, looked: [...looked] }
}

/** Costs of one operation by the values of the variables that matter. */
interface Known {
  readonly looked: readonly string[]
  readonly costs: Map<string, Cost>
}

/** Past so many combinations of values the costs of an operation are forgotten, and counted anew. */
const mostKnown = 100

/** Short, whatever a client sends: only numbers and conditions change a cost, and what is left out may have a default. */
function keyOf(looked: readonly string[], variables: Variables): string {
  const part = (value: unknown): string =>
    typeof value === 'number' || typeof value === 'boolean' || value === undefined ? String(value) : 'null'
  return looked.map((name) => part(own(variables, name))).join()
}

/**
 * Counts what queries cost: each value of the answer 1, pages by the sizes that are asked for, each statement 100. An
 * upper bound: pages may be shorter, and fields that are asked for twice are read once. Takes time by the length of the
 * document, however often its fragments are spread, and once only for the same sizes and conditions.
 *
 * @param listSize how many objects a list is taken to hold whose size nothing tells.
 */
export function costs(schema: GraphQLSchema, entities: readonly Entity[], listSize: number) {
  const costOf = fieldCosts(schema, entities, listSize)
  const entryOf = onceFor((_: OperationDefinitionNode): { known?: Known } => ({}))

  /** Null where the document has no such operation: execution tells. */
  return (document: DocumentNode, operationName: string | null | undefined, variables: Variables): Cost | null => {
    const operation = getOperationAST(document, operationName)
    if (!operation) return null
    const entry = entryOf(operation)
    const found = entry.known?.costs.get(keyOf(entry.known.looked, variables))
    if (found) return found
    const { cost, looked } = count(schema, costOf, document, operation, variables)
    entry.known ??= { looked, costs: new Map() }
    if (entry.known.costs.size === mostKnown) entry.known.costs.clear()
    entry.known.costs.set(keyOf(looked, variables), cost)
    return cost
  }
}
