import {
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql'
import type { Entity } from '../../entity/entity.ts'
import { isPlainObject } from '../../util/json.ts'
import { shownEntity } from './shown-entity.ts'

const fieldsOf = (type: GraphQLNamedType): Readonly<Record<string, GraphQLField<unknown, unknown>>> =>
  isObjectType(type) || isInterfaceType(type) ? type.getFields() : {}

/** A page or an edge, whose records were read by the field above it. */
function isWrapper(type: GraphQLNamedType): boolean {
  const { pageInfo, edges, node, cursor } = fieldsOf(type)
  return pageInfo !== undefined || edges !== undefined || (node !== undefined && cursor !== undefined)
}

/** The objects that a field holds in any of its parents. */
const objectsIn = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.flatMap(objectsIn) : isPlainObject(value) ? [value] : []

/**
 * Parts of an operation that ask the stores and were not reached by its answer, since nothing was found above them: each
 * by its path. A field asks where it shows records, or takes arguments; values without arguments are those of their
 * record.
 */
export function unreached(
  schema: GraphQLSchema,
  document: DocumentNode,
  entities: readonly Entity[],
  data: unknown,
): readonly string[] {
  const fragments = new Map(
    document.definitions.flatMap((each) => (each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each]] : [])),
  )
  const found = new Set<string>()

  function* selected(type: GraphQLNamedType, set: SelectionSetNode): Generator<readonly [GraphQLNamedType, FieldNode]> {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        yield [type, selection]
        continue
      }
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value)
      if (!fragment) continue
      const on = fragment.typeCondition && schema.getType(fragment.typeCondition.name.value)
      yield* selected(on ?? type, fragment.selectionSet)
    }
  }

  function walk(type: GraphQLNamedType, set: SelectionSetNode, objects: readonly object[], path: readonly string[]) {
    for (const [parent, { name, alias, selectionSet }] of selected(type, set)) {
      const field = fieldsOf(parent)[name.value]
      if (!field) continue // __typename
      const key = (alias ?? name).value
      const holders = objects.filter((each) => Object.hasOwn(each, key)) as Readonly<Record<string, unknown>>[]
      const shown = getNamedType(field.type)
      const asks = field.args.length > 0 || (shownEntity(shown, entities) !== null && !isWrapper(parent))
      if (holders.length === 0 && asks) found.add([...path, key].join('.'))
      else if (selectionSet)
        walk(
          shown,
          selectionSet,
          holders.flatMap((each) => objectsIn(each[key])),
          [...path, key],
        )
    }
  }

  const [operation] = document.definitions
  const query = schema.getQueryType()
  if (query && operation?.kind === Kind.OPERATION_DEFINITION)
    walk(query, operation.selectionSet, isPlainObject(data) ? [data] : [], [])
  return [...found]
}
