import {
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  getNamedType,
  isAbstractType,
  isObjectType,
} from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { type FieldSet, fieldSet, wholePaths } from '../entity/field-set.ts'
import type { OrderKey } from '../query/order.ts'
import type { LoadOptions } from './load.ts'
import { countedMembers, unreadMembers } from './offset-page.ts'
import type { Selected } from './read-root.ts'
import { fieldsFor, oncePerField, placeOf, selectedBelow, shows } from './selection.ts'
import { memberOf } from './shown-types.ts'

const cursorFields = ['startCursor', 'endCursor'] as const

function below(info: GraphQLResolveInfo, nodes: readonly FieldNode[], name: string): readonly FieldNode[] {
  return selectedBelow(info, nodes).get(name) ?? []
}

/** The object types that a value may be of. */
function objectTypes(
  { schema }: GraphQLResolveInfo,
  type: GraphQLOutputType | undefined,
): readonly GraphQLObjectType[] {
  const named = type && getNamedType(type)
  if (isObjectType(named)) return [named]
  return isAbstractType(named) ? schema.getPossibleTypes(named) : []
}

/**
 * Where records are selected: on the field itself, on fields of the connection, or on fields of its edges; interfaces
 * and unions on the way stand for their members.
 */
function recordNodes(
  info: GraphQLResolveInfo,
  entity: Entity,
  type: GraphQLOutputType | undefined,
  nodes: readonly FieldNode[],
  depth = 2,
): readonly FieldNode[] {
  if (shows(info, type, entity)) return nodes
  if (depth === 0) return []
  const found = objectTypes(info, type).flatMap((object) =>
    [...selectedBelow(info, nodes)].flatMap(([name, inner]) =>
      recordNodes(info, entity, object.getFields()[name]?.type, inner, depth - 1),
    ),
  )
  return [...new Set(found)]
}

/** What the page must read: the nodes' selection, what the resolver reads, and the order's keys where cursors are shown. */
function pageFields(
  info: GraphQLResolveInfo,
  entity: Entity,
  order: readonly OrderKey[],
  { reading, at }: LoadOptions<string>,
): FieldSet | null {
  const [type, field] = placeOf(info, at)
  const edges = below(info, field, 'edges')
  const pageInfo = below(info, field, 'pageInfo')
  const nodes = recordNodes(info, entity, type, field)
  if (edges.length + pageInfo.length + nodes.length === 0 && !reading) return null
  const shown = selectedBelow(info, pageInfo)
  const cursors = below(info, edges, 'cursor').length > 0 || cursorFields.some((name) => shown.has(name))
  const keys = wholePaths(entity, reading ?? [])
  if (cursors) keys.push(...order.map(({ path }) => path).filter((path) => path !== 'id'))
  return nodes.length > 0 ? fieldsFor(info, entity, nodes, keys) : fieldSet(entity, keys)
}

/** What a page must read, worked out once for a document; null where no part of the page is selected. */
export function pageFieldsHere(
  info: GraphQLResolveInfo,
  entity: Entity,
  order: readonly OrderKey[],
  options: LoadOptions<string>,
): FieldSet | null {
  const { reading = [], at = '' } = options
  const key = `${entity.name} page ${order.map(({ path }) => path).join()} ${at} ${reading.join()}`
  return oncePerField(info, key, () => pageFields(info, entity, order, options))
}

function offsetFields(info: GraphQLResolveInfo, entity: Entity, { reading, at }: LoadOptions<string>): Selected {
  const [type, field] = placeOf(info, at)
  const nodes = recordNodes(info, entity, type, field)
  const names = [...selectedBelow(info, field).keys()]
  const members = objectTypes(info, type).flatMap((object) =>
    names.flatMap((name) => object.getFields()[name] ?? []).map(memberOf),
  )
  const isRead = reading !== undefined || nodes.length > 0 || members.some((member) => !unreadMembers.has(member))
  const fields = isRead ? fieldsFor(info, entity, nodes, wholePaths(entity, reading ?? [])) : null
  return { fields, counts: members.some((member) => countedMembers.has(member)) }
}

/** What is selected of a page by offset, whose fields are known by the members that they show. */
export function offsetFieldsHere(info: GraphQLResolveInfo, entity: Entity, options: LoadOptions<string>): Selected {
  const { reading = [], at = '' } = options
  const key = `${entity.name} offset page ${at} ${reading.join()}`
  return oncePerField(info, key, () => offsetFields(info, entity, options))
}

/** Whether the count beside a page is selected, by Relay's name. */
export const countsHere = (info: GraphQLResolveInfo, { at }: LoadOptions<string>): boolean =>
  oncePerField(info, `counts ${at ?? ''}`, () => below(info, placeOf(info, at)[1], 'totalCount').length > 0)
