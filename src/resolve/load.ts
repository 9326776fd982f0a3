import type { GraphQLResolveInfo } from 'graphql'
import { kindOf } from '../codec/kinds.ts'
import type { Entity, RecordOf } from '../entity/entity.ts'
import type { FieldSet } from '../entity/field-set.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { parseId } from '../entity/parse-id.ts'
import { type GatewayContext, resolverName, sessionOf } from './context.ts'
import { fieldsHere } from './selection.ts'

type Loaded<E> = Promise<RecordOf<E> | null>

/** One record by id, in the batch of its level. `fields` defaults to what the present field selects. */
export async function load<E extends Entity>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  entity: E,
  id: string | number | null,
  fields: FieldSet = fieldsHere(info, entity),
): Loaded<E> {
  if (id === null) return null
  const { loaders } = sessionOf(context, info)
  return (await loaders.byId(entity, parseId(entity, id), fields, resolverName(info))) as RecordOf<E> | null
}

/** One record by the value of another field; of several the one with the lowest id, in both stores. */
export async function loadBy<E extends Entity>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  entity: E,
  path: string,
  value: unknown,
): Loaded<E> {
  if (value === null || value === undefined) return null
  const { loaders } = sessionOf(context, info)
  const parsed = kindOf(leafAt(entity, path).kind).parse(value)
  return (await loaders.byKey(entity, path, parsed, fieldsHere(info, entity), resolverName(info))) as RecordOf<E> | null
}
