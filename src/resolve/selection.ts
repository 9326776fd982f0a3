import {
  BREAK,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLOutputType,
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
import { CrossfadeError } from '../util/errors.ts'
import { onceFor } from '../util/once-for.ts'
import { memberOf, showsEntity, typesOf } from './shown-types.ts'

type Nodes = readonly FieldNode[]

function hasDirective(definition: OperationDefinitionNode | FragmentDefinitionNode): boolean {
  let found = false
  visit(definition, {
    Directive() {
      found = true
      return BREAK
    },
  })
  return found
}

const conditional = new WeakMap<OperationDefinitionNode, boolean>()

/** Directives may take variables: what is selected then differs from request to request. */
function isConditional({ operation, fragments }: GraphQLResolveInfo): boolean {
  const known = conditional.get(operation)
  if (known !== undefined) return known
  // The fragments are those of the operation's document
  const found = [operation, ...Object.values(fragments)].some((each) => each !== undefined && hasDirective(each))
  conditional.set(operation, found)
  return found
}

/** Answers kept for one field: some follow from an order, which clients choose as they like. */
const maxKept = 50

/** By the type as well: below an interface one field of the document is a field of several types, each with bounds of its own. */
const perField = () => onceFor((_type: GraphQLObjectType) => onceFor((_node: FieldNode) => new Map<string, unknown>()))
const answersOf = perField()
/** Of documents with directives: their variables are an object of the request's own. */
const answersInRequest = onceFor((_variables: object) => perField())

/**
 * What a field selects, worked out once for a document, or for a request where the document has directives, and not for
 * each parent: the server parses a text once. `key` tells the questions about one field apart.
 */
export function oncePerField<T>(info: GraphQLResolveInfo, key: string, ask: () => T): T {
  const { fieldNodes, parentType, variableValues } = info
  const node = fieldNodes[0]
  if (!node || fieldNodes.length > 1) return ask()
  const answers = isConditional(info) ? answersInRequest(variableValues) : answersOf
  const known = answers(parentType)(node)
  if (known.has(key)) return known.get(key) as T // of this question, which its key names
  const answer = ask()
  if (known.size < maxKept) known.set(key, answer)
  return answer
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
    if (!definition) continue // __typename, or a field of another type
    const { needs } = definition.extensions
    const path = prefix + memberOf(definition)
    if (needs) for (const need of needs.filter((each) => each !== 'id')) paths.add(need)
    else if (knownPaths(entity).has(path)) {
      paths.add(path)
      const innerType = getNamedType(definition.type)
      if (!entity.leaves.has(path) && isObjectType(innerType))
        addPaths(info, entity, innerType, inner, `${path}.`, paths)
    }
  }
}

/** Whether values of a type are records of the entity. */
export const shows = ({ schema }: GraphQLResolveInfo, type: GraphQLOutputType | undefined, entity: Entity): boolean =>
  showsEntity(schema, type && getNamedType(type), entity)

/**
 * What a selection on the object types of an entity needs of the record, and nothing else; of several types, which may
 * stand behind one interface, what it would need of each.
 *
 * @throws CrossfadeError MISCONFIGURED where no type shows the entity.
 */
export function fieldsFor(
  info: GraphQLResolveInfo,
  entity: Entity,
  nodes: Nodes,
  extra: Iterable<string> = [],
): FieldSet {
  const paths = new Set(extra)
  const types = typesOf(info.schema, entity)
  if (types.length === 0) {
    const remedy = `Name a type so, or give it \`extensions: { entity: ${entity.name} }\`.`
    throw new CrossfadeError('MISCONFIGURED', `The schema has no object type that shows ${entity.name}. ${remedy}`)
  }
  for (const type of types) addPaths(info, entity, type, nodes, '', paths)
  return fieldSet(entity, paths)
}

/** The type and the nodes of the present field, or of its field `at`. */
export function placeOf(info: GraphQLResolveInfo, at?: string): readonly [GraphQLOutputType | undefined, Nodes] {
  if (at === undefined) return [info.returnType, info.fieldNodes]
  const type = getNamedType(info.returnType)
  const inner = isObjectType(type) ? type.getFields()[at]?.type : undefined
  return [inner, selectedBelow(info, info.fieldNodes).get(at) ?? []]
}

/**
 * What the present field selects of an entity's records, and what its resolver reads of them, see `LoadOptions`.
 *
 * @throws CrossfadeError MISCONFIGURED where neither is known: the field resolves to something else.
 */
export function fieldsHere(
  info: GraphQLResolveInfo,
  entity: Entity,
  { reading, at }: { readonly reading?: readonly string[]; readonly at?: string },
): FieldSet {
  // Most loaders name neither: no text is made for each record then
  const key = at || reading ? `${entity.name} ${at ?? ''} ${reading?.join() ?? ''}` : entity.name
  return oncePerField(info, key, () => {
    const [type, nodes] = placeOf(info, at)
    const isShown = shows(info, type, entity)
    if (isShown || reading) return fieldsFor(info, entity, isShown ? nodes : [], wholePaths(entity, reading ?? []))
    const place = `${info.parentType.name}.${info.fieldName}${at === undefined ? '' : `.${at}`}`
    const remedy = `Say what its resolver reads, { reading: ['…'] }, or below which field the records stand, { at: '…' }; or, where the type shows ${entity.name} under another name, \`extensions: { entity: ${entity.name} }\` of that type.`
    throw new CrossfadeError(
      'MISCONFIGURED',
      `${place} resolves to ${type ?? 'nothing'} and not to ${entity.name}. ${remedy}`,
    )
  })!
}
