import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  getOperationAST,
  isInterfaceType,
  isObjectType,
  Kind,
  type NamedTypeNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { onceFor } from '../util/once-for.ts'
import { type FieldCost, type FieldCosts, fieldCosts, type Skips, type Usuals } from './field-cost.ts'
import { type Given, givenIn, type Variables } from './given.ts'
import { literalWeight } from './input-weight.ts'
import { introspectionCost } from './introspection-cost.ts'
import type { Limits } from './limits.ts'

/** What an operation may make the gateway do at most; numbers past 2^53 are cut to it. */
export interface Cost {
  /** Values of the answer, and 100 for each statement. */
  readonly cost: number
  /** Objects of the answer. */
  readonly nodes: number
}

/** What a selection asks: of each object that it stands on, and once for all of them. */
interface Part {
  readonly values: number
  readonly nodes: number
  /** Statements, and what the arguments hold. */
  readonly once: number
}

/** The field above a selection, where it is no list. */
interface Above {
  /** How many the lists directly below hold; null where nothing tells. */
  readonly size: number | null
  /** Of so many types the page is, each of which is counted by itself. */
  readonly types: number
}

/** In values: a statement took a third of a millisecond, a value a few microseconds. */
const perStatement = 100

/** Values of introspection to one of the stores': they are at hand. */
const introspectedToValue = 4

/** Weights of arguments to a value: GraphQL reads those that are written in the document for each parent. */
const weightToValue = 10

/** Records that a store reads to leave them out, of a tenth of a microsecond to a whole one each, to a value. */
const skippedToValue = 10

/** Characters of an alias that are part of a value: it is written out with each. */
const aliasToValue = 50

/** No product of two becomes infinite, and none of a zero and one that did becomes NaN, which no limit would stop. */
const cut = (count: number): number => Math.min(count, Number.MAX_SAFE_INTEGER)

/** A field's value in the answer, with its name: an alias may be as long as a body, and stands in each object. */
const ownValue = ({ alias }: FieldNode): number => 1 + Math.floor((alias?.value.length ?? 0) / aliasToValue)

function count(
  schema: GraphQLSchema,
  costOf: FieldCosts,
  mostCost: number,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  given: Given,
): Cost {
  const isFragment = (each: DocumentNode['definitions'][number]): each is FragmentDefinitionNode =>
    each.kind === Kind.FRAGMENT_DEFINITION
  const fragments = new Map(document.definitions.filter(isFragment).map((each) => [each.name.value, each]))
  const counted = new Map<string, Part>()
  const introspected = introspectionCost(schema, fragments, {
    ownValue,
    isLeftOut,
    most: introspectedToValue * mostCost,
  })

  /** The number, the text, or true or false, that an argument has; `usual` where none is given. */
  function givenBy(node: ValueNode, usual: unknown): unknown {
    if (node.kind === Kind.INT) return Number(node.value)
    if (node.kind === Kind.BOOLEAN || node.kind === Kind.STRING) return node.value
    if (node.kind !== Kind.VARIABLE) return null
    const value = given.sent(node.name.value)
    if (value !== undefined) return value
    const literal = given.usual(node.name.value)
    return literal ? givenBy(literal, usual) : usual
  }

  /** What is no number is refused by whoever reads it. */
  function numbersOf({ arguments: args }: FieldNode, usuals: Usuals): number[] {
    return [...usuals].flatMap(([name, usual]) => {
      const argument = args?.find((each) => each.name.value === name)
      const value = argument ? givenBy(argument.value, usual) : usual
      return typeof value === 'number' ? [value] : []
    })
  }

  /** Null where no argument tells. */
  function askedSize(node: FieldNode, sizes: Usuals): number | null {
    const numbers = numbersOf(node, sizes)
    return numbers.length > 0 ? Math.max(0, ...numbers) : null
  }

  /** Records that stand before a page of `size`, for each parent: a store reads them, and leaves them out. */
  function skipped(node: FieldNode, { offset, page, cursor, most, types }: Skips, size: number): number {
    const isAt = ({ name, value }: ArgumentNode): boolean => cursor.has(name.value) && givenBy(value, null) !== null
    const before = [
      ...numbersOf(node, offset),
      ...numbersOf(node, page).map((number) => (number - 1) * size),
      ...(node.arguments?.some(isAt) ? [most] : []), // which of them it stands at only its decoder knows
    ]
    return types * Math.min(Math.max(0, ...before), most)
  }

  function lengthOf(node: ValueNode): number {
    if (node.kind === Kind.LIST) return node.values.length
    if (node.kind !== Kind.VARIABLE) return 1
    const value = given.sent(node.name.value)
    if (value !== undefined) return Array.isArray(value) ? value.length : 1
    const literal = given.usual(node.name.value)
    return literal ? lengthOf(literal) : 0
  }

  /** What a list is taken to hold whose size nothing tells, or more where it is asked for by more ids. */
  const usualSize = ({ arguments: args = [] }: FieldNode, { lists, size }: FieldCost): number | null =>
    args.reduce(
      (most, { name, value }) => (lists.includes(name.value) ? Math.max(most ?? 0, lengthOf(value)) : most),
      size,
    )

  /** What the objects and lists weigh that a field is given; a number or a text by itself is part of the field. */
  function argumentsWeight({ arguments: args = [] }: FieldNode): number {
    let weight = 0
    for (const { value } of args) weight += literalWeight(value, given.weight) - 1
    return weight
  }

  function isLeftOut({ directives = [] }: SelectionNode): boolean {
    const left = directives.map(({ name: { value: name }, arguments: args }) => {
      const condition = args?.find((each) => each.name.value === 'if')
      return condition !== undefined && givenBy(condition.value, undefined) === { skip: true, include: false }[name]
    })
    return left.includes(true)
  }

  function introspection(node: FieldNode): Part {
    const { name, selectionSet, arguments: args = [] } = node
    if (!selectionSet) return { values: ownValue(node), nodes: 0, once: 0 }
    const named = name.value === '__type' && args[0] ? givenBy(args[0].value, null) : null
    const part = name.value === '__schema' ? schema : typeof named === 'string' ? schema.getType(named) : null
    const values = part
      ? introspected(typeOf(name.value === '__schema' ? '__Schema' : '__Type'), part, selectionSet)
      : 0
    return { values: cut(ownValue(node) + Math.ceil(values / introspectedToValue)), nodes: 0, once: 0 }
  }

  function field(parent: GraphQLNamedType, node: FieldNode, above: Above | null): Part {
    const owner = isObjectType(parent) || isInterfaceType(parent) ? parent : null
    const definition = owner?.getFields()[node.name.value]
    if (!owner || !definition) return introspection(node)
    const costs = costOf(owner, definition)
    const { type, holds, sizes, most, skips, types, isNode, statements } = costs
    const weight = argumentsWeight(node)
    const ownValues = ownValue(node) + Math.floor(weight / weightToValue)
    const once = perStatement * statements * (above?.types ?? 1) + weight
    if (holds === 'value' || !node.selectionSet) return { values: ownValues, nodes: 0, once }
    const toldAbove = holds === 'list' && above ? above.size : null
    const asked = askedSize(node, sizes) ?? toldAbove ?? usualSize(node, costs)
    const bounded = asked === null ? null : Math.min(asked, most)
    const skippedValues = skips ? Math.floor(skipped(node, skips, bounded ?? 0) / skippedToValue) : 0
    const below = holds === 'list' ? null : { size: bounded, types }
    const inner = selection(type, node.selectionSet, below)
    const times = holds === 'list' ? bounded! : 1
    return {
      values: cut(ownValues + skippedValues + times * inner.values),
      nodes: cut(times * (inner.nodes + (isNode ? 1 : 0))),
      once: once + inner.once,
    }
  }

  /** What a fragment on another type stands on: an object type stays what it is, whichever interface of it is named. */
  const within = (type: GraphQLNamedType, condition: NamedTypeNode | undefined): GraphQLNamedType =>
    condition && !isObjectType(type) ? typeOf(condition.name.value) : type

  /**
   * Once for each type that it stands on, each page size and number of types, not for each spread: those may double with
   * each level.
   */
  function fragment(type: GraphQLNamedType, name: string, above: Above | null): Part {
    const { typeCondition, selectionSet } = fragments.get(name)!
    const on = within(type, typeCondition)
    const key = `${above?.size} ${above?.types} ${on.name} ${name}`
    let part = counted.get(key)
    if (!part) counted.set(key, (part = selection(on, selectionSet, above)))
    return part
  }

  function selection(type: GraphQLNamedType, { selections }: SelectionSetNode, above: Above | null): Part {
    let [values, nodes, once] = [0, 0, 0]
    for (const each of selections) {
      if (isLeftOut(each)) continue
      let part: Part
      if (each.kind === Kind.FIELD) part = field(type, each, above)
      else if (each.kind === Kind.FRAGMENT_SPREAD) part = fragment(type, each.name.value, above)
      else part = selection(within(type, each.typeCondition), each.selectionSet, above)
      values += part.values
      nodes += part.nodes
      once += part.once
    }
    return { values: cut(values), nodes: cut(nodes), once: cut(once) }
  }

  const typeOf = (name: string): GraphQLNamedType => schema.getType(name)!
  const root = schema.getRootType(operation.operation)
  if (!root) return { cost: 0, nodes: 0 } // execution tells
  const { values, nodes, once } = selection(root, operation.selectionSet, null)
  return { cost: cut(values + once), nodes }
}

/** Past so many combinations of values the costs of an operation are forgotten, and counted anew. */
const mostKnown = 100

/**
 * Counts what queries cost: each value of the answer 1, pages by the sizes that are asked for, each statement 100, and
 * arguments by their weight. An upper bound: pages may be shorter, and fields that are asked for twice are read once.
 * Takes time by the length of the document, however often its fragments are spread, and once only for the same sizes and
 * conditions.
 *
 * @param limits `listSize` objects are in a list whose size nothing tells; introspection that certainly costs more than
 * `cost` is not counted to the end, and is without end.
 */
export function costs(
  schema: GraphQLSchema,
  entities: readonly Entity[],
  { listSize, cost: mostCost }: Pick<Limits, 'listSize' | 'cost'>,
) {
  const costOf = fieldCosts(schema, entities, listSize)
  /** By the values of the variables. */
  const knownOf = onceFor((_: OperationDefinitionNode) => new Map<string, Cost>())

  /** Equal only for what costs the same, and short, whatever a client sends: of texts those count that name a type. */
  function valueKey(given: Given, name: string): string {
    const value = given.sent(name)
    if (typeof value === 'string') return `"${schema.getType(value)?.name ?? ''}"`
    if (Array.isArray(value)) return `[${value.length} ${given.weight(name)}]`
    if (typeof value === 'object' && value !== null) return `{${given.weight(name)}}`
    return String(value)
  }

  /** Null where the document has no such operation: execution tells. */
  return (document: DocumentNode, operationName: string | null | undefined, variables: Variables): Cost | null => {
    const operation = getOperationAST(document, operationName)
    if (!operation) return null
    const given = givenIn(operation, variables)
    // All that are declared, in their order: which of them a count looks at depends on the values of the others
    const key = given.names.map((name) => valueKey(given, name)).join()
    const known = knownOf(operation)
    const found = known.get(key)
    if (found) return found
    const cost = count(schema, costOf, mostCost, document, operation, given)
    if (known.size === mostKnown) known.clear()
    known.set(key, cost)
    return cost
  }
}
