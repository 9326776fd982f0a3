import type { GraphQLResolveInfo } from 'graphql'
import { kindOf } from '../codec/kinds.ts'
import type { Entity, RecordOf } from '../entity/entity.ts'
import type { FieldSet } from '../entity/field-set.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { parseId } from '../entity/parse-id.ts'
import { type Transaction, write } from '../routing/writes.ts'
import { CrossfadeError } from '../util/errors.ts'
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

/**
 * The types that a mutation writes: no others let it. Each write is atomic; several are made one after the other, each
 * with its own authority, and a crash between them leaves the earlier ones.
 */
export interface Writes {
  readonly entities: readonly Entity[]
}

/** One type. */
export const only = (entity: Entity): Writes => ({ entities: [entity] })
/** Several types that do not move together: said where it is so, since no transaction joins their writes. */
export const independent = (...entities: readonly Entity[]): Writes => ({ entities })

const declared: { name: string; writes: Writes }[] = []

/** @throws MISCONFIGURED where a mutation writes a type that is not part of the schema. */
export function checkWrites(entities: readonly Entity[]): void {
  for (const { name, writes } of declared) {
    const unknown = writes.entities.find((entity) => !entities.includes(entity))
    if (unknown)
      throw new CrossfadeError('MISCONFIGURED', `${name} writes ${unknown.name}, which is not part of the schema.`)
  }
}

/**
 * A mutation's resolver: takes the permits, runs, mirrors within the budget, and lets the payload read what was
 * written.
 */
export function mutation<Args, Result>(
  name: string,
  writes: Writes,
  resolve: (transaction: Transaction, args: Args) => Promise<Result>,
): (parent: unknown, args: Args, context: GatewayContext, info: GraphQLResolveInfo) => Promise<Result> {
  declared.push({ name, writes })
  return async (_parent, args, context, info) => {
    const result = await write(context.routing, writes.entities, (transaction) => resolve(transaction, args))
    sessionOf(context, info).loaders.clear()
    return result
  }
}
