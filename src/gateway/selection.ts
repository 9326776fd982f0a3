import {
  type FieldNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getDirectiveValues,
  getNamedType,
  isObjectType,
  type SelectionSetNode,
} from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { type FieldSet, fieldSet } from '../entity/field-set.ts'

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /** Record paths that the field's resolver reads; without it the path of the same name. */
    readonly needs?: readonly string[]
  }
}

type Nodes = readonly FieldNode[]

function isSkipped(info: GraphQLResolveInfo, node: Parameters<typeof getDirectiveValues>[1]): boolean {
  const skip = getDirectiveValues(GraphQLSkipDirective, node, info.variableValues)
  const include = getDirectiveValues(GraphQLIncludeDirective, node, info.variableValues)
  return skip?.['if'] === true || include?.['if'] === false
}

function collect(info: GraphQLResolveInfo, set: SelectionSetNode | undefined, into: Map<string, FieldNode[]>): void {
  for (const selection of set?.selections ?? []) {
    if (isSkipped(info, selection)) continue
    if (selection.kind === 'Field') {
      const nodes = into.get(selection.name.value)
      if (nodes) nodes.push(selection)
      else into.set(selection.name.value, [selection])
    } else if (selection.kind === 'InlineFragment') collect(info, selection.selectionSet, into)
    else collect(info, info.fragments[selection.name.value]?.selectionSet, into)
  }
}

/** The fields that are selected below the given field nodes, by name; aliases of one field are together. */
export function selectedBelow(info: GraphQLResolveInfo, nodes: Nodes): Map<string, FieldNode[]> {
  const fields = new Map<string, FieldNode[]>()
  for (const node of nodes) collect(info, node.selectionSet, fields)
  return fields
}

function addPaths(
  info: GraphQLResolveInfo,
  entity: Entity,
  type: GraphQLObjectType,
  nodes: Nodes,
  prefix: string,
  paths: Set<string>,
): void {
  const definitions = type.getFields()
  for (const [name, inner] of selectedBelow(info, nodes)) {
    const definition = definitions[name]
    if (!definition) continue // __typename
    const { needs } = definition.extensions
    const path = prefix + name
    if (needs) for (const need of needs) paths.add(need)
    else if (entity.leaves.has(path)) paths.add(path)
    else if (entity.embeds.has(path)) {
      paths.add(path)
      const innerType = getNamedType(definition.type)
      if (isObjectType(innerType)) addPaths(info, entity, innerType, inner, `${path}.`, paths)
    }
  }
}

/** What a selection on an entity's object type needs of the record, and nothing else. */
export function fieldsFor(
  info: GraphQLResolveInfo,
  entity: Entity,
  nodes: Nodes,
  extra: Iterable<string> = [],
): FieldSet {
  const type = info.schema.getType(entity.name)
  const paths = new Set(extra)
  if (isObjectType(type)) addPaths(info, entity, type, nodes, '', paths)
  return fieldSet(entity, paths)
}
