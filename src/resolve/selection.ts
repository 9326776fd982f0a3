import {
  BREAK,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getDirectiveValues,
  getNamedType,
  isObjectType,
  type OperationDefinitionNode,
  type SelectionSetNode,
  visit,
} from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { type FieldSet, fieldSet, knownPaths, wholePaths } from '../entity/field-set.ts'
import { onceFor } from '../util/once-for.ts'

type Nodes = readonly FieldNode[]

const hasDirective = onceFor((definition: OperationDefinitionNode | FragmentDefinitionNode): boolean => {
  let found = false
  visit(definition, {
    Directive() {
      found = true
      return BREAK
    },
  })
  return found
})

/** Directives may take variables: what is selected then differs from request to request. */
const isConditional = ({ operation, fragments }: GraphQLResolveInfo): boolean =>
  hasDirective(operation) || Object.values(fragments).some((fragment) => fragment && hasDirective(fragment))

const selections = onceFor((_node: FieldNode) => new Map<string, FieldSet | null>())

/**
 * What a field selects, worked out once for a document and not for each parent and request: the server parses a text
 * once. `key` tells the questions about one field apart.
 */
export function oncePerField(info: GraphQLResolveInfo, key: string, ask: () => FieldSet | null): FieldSet | null {
  const [node, another] = info.fieldNodes
  if (!node || another || isConditional(info)) return ask()
  const known = selections(node)
  let fields = known.get(key)
  if (fields === undefined) known.set(key, (fields = ask()))
  return fields
}

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
    else if (knownPaths(entity).has(path)) {
      paths.add(path)
      const innerType = getNamedType(definition.type)
      if (!entity.leaves.has(path) && isObjectType(innerType))
        addPaths(info, entity, innerType, inner, `${path}.`, paths)
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

/** What the present field selects of an entity's records, and what its resolver reads of them, see `LoadOptions`. */
export function fieldsHere(
  info: GraphQLResolveInfo,
  entity: Entity,
  { reading = [], at }: { readonly reading?: readonly string[]; readonly at?: string },
): FieldSet {
  const key = `${entity.name} ${at ?? ''} ${reading.join()}`
  const nodes = (): Nodes => (at === undefined ? info.fieldNodes : (selectedBelow(info, info.fieldNodes).get(at) ?? []))
  return oncePerField(info, key, () => fieldsFor(info, entity, nodes(), wholePaths(entity, reading)))!
}
