import type { GraphQLResolveInfo } from 'graphql'
import type { Entity, Rec } from '../entity/entity.ts'
import { parseId } from '../entity/parse-id.ts'
import type { KeyPathOf, PathOf, ValueAt } from '../entity/path.ts'
import { asRecord, type Narrow } from '../entity/record.ts'
import { parseValue } from '../query/where.ts'
import { type Asking, among } from './among.ts'
import { type GatewayContext, resolverName, sessionOf } from './context.ts'
import { fieldsHere } from './selection.ts'

/** What a resolver reads of the records that it loads, beside what the client selected of them. */
export interface LoadOptions<P extends string, E extends Entity = Entity> extends Asking<E> {
  /** Record paths that the resolver itself reads. */
  readonly reading?: readonly P[]
  /** Where the records stand below the present field, when its own type is another: `theater` of a `TheaterDistance`. */
  readonly at?: string
}

/**
 * One record by id, in the batch of its level, from the store that the type's flag decides. Null where there is none,
 * or for null. It holds what the client selected; what the resolver itself reads is named:
 *
 * ```ts
 * const movie = await load(context, info, Movie, id, { reading: ['title'] })
 * ```
 *
 * @throws MISCONFIGURED in a field that shows something else, where neither `reading` nor `at` is given.
 * @throws BAD_USER_INPUT for what cannot be an id of this entity.
 */
export async function load<E extends Entity, const P extends PathOf<E> = never>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  entity: E,
  id: string | number | null | undefined,
  options: LoadOptions<P, E> = {},
): Promise<Narrow<E, P> | null> {
  const parsed = id === null || id === undefined ? null : parseId(entity, id)
  return asRecord(entity, await loadParsed(context, info, entity, 'id', parsed, options))
}

/**
 * One record by the value of another field: `loadBy(context, info, User, 'email', email)`; of several the one with the
 * lowest id, in both stores. Null where there is none, or for null.
 *
 * @throws BAD_USER_INPUT for a value that is not of the field's kind.
 */
export async function loadBy<E extends Entity, K extends KeyPathOf<E>, const P extends PathOf<E> = never>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  entity: E,
  path: K,
  value: ValueAt<E, K> | null | undefined,
  options: LoadOptions<P, E> = {},
): Promise<Narrow<E, P> | null> {
  return asRecord(
    entity,
    await loadParsed(context, info, entity, path, parseValue(entity, path, value ?? null), options),
  )
}

/** The same by a value that was parsed before, and no promise more than its loader's: it is asked for each parent. */
export function loadParsed(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  entity: Entity,
  path: string,
  value: unknown,
  options: LoadOptions<string> = {},
): Promise<Rec | null> | null {
  if (value === null) return null
  const fields = fieldsHere(info, entity, options)
  const { loaders } = sessionOf(context, info)
  return loaders.one({ entity, path, where: among(entity, options) }, value, fields, resolverName(info))
}
