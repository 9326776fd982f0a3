import type { FieldKind } from '@pothos/core'
import type { GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { membersOf } from '../entity/lists.ts'
import type { EqualKind, KeyPathOf, KindAt, OrderPathOf, ScalarPathIn } from '../entity/path.ts'
import type { FieldsIn, IdKindIn } from '../entity/record.ts'
import { leafValue } from '../entity/values.ts'
import { type Direction, type OrderKey, totalOrder } from '../query/order.ts'
import { maxOffsetBelow } from '../query/page.ts'
import { parseValue } from '../query/where.ts'
import { loadParsed } from '../resolve/load.ts'
import { childrenOf } from '../resolve/load-children.ts'
import { CrossfadeError } from '../util/errors.ts'
import { connectionType } from './connection-type.ts'
import { type As, entityTypeOf } from './entity-type.ts'
import {
  type FieldsOf,
  type Made,
  objectFields,
  type Paged,
  type Paging,
  pageArgs,
  pageOf,
  type Told,
} from './field.ts'
import { type Shown, shownTo } from './shown.ts'

/** Text and enumerations hold the same values, and so do longs; other kinds their own, also where records have them as text. */
type Alike<K> = K extends 'text' | 'enum' ? 'text' | 'enum' : K extends 'long' | 'longId' ? 'long' | 'longId' : K
type KindOfKey<E extends Entity, K extends string> = K extends 'id' ? E['idKind'] : KindAt<E['fields'], K>

/** Paths of the parent that are of the kind of the other entity's `by`. */
type ParentPath<Parent, E extends Entity, K extends string, L = Alike<KindOfKey<E, K>>> =
  | (IdKindIn<Parent> extends L ? 'id' : never)
  | ScalarPathIn<FieldsIn<Parent>, Extract<L, EqualKind>>

/** Only where the parent's id may be meant it need not be said. */
type Of<P extends string> = 'id' extends P ? { readonly of?: P } : { readonly of: P }

/** Which field of the children holds which field of the parent, and the order of the children. */
export type Below<Parent, E extends Entity, K extends KeyPathOf<E>> = Told &
  As<E> &
  Shown<E> & {
    /** The children's field that holds the parent's key. */
    readonly by: K
    /** Record paths in order: `{ date: 'desc' }`. Default: by id. */
    readonly order?: { readonly [P in OrderPathOf<E>]?: Direction }
  } & Of<ParentPath<Parent, E, K>>

/** The same, and how the children are paged. */
export type ChildrenOptions<Parent, E extends Entity, K extends KeyPathOf<E>> = Below<Parent, E, K> &
  Paged & {
    /** Default `both`. */
    readonly paging?: Paging
  }

/** Options where the types of the paths are forgotten. */
export interface AnyBelow extends Told, As<Entity>, Shown {
  readonly by?: string
  readonly of?: string
  readonly order?: Readonly<Record<string, Direction | undefined>>
}

interface AnyOptions extends AnyBelow, Paged {
  readonly paging?: Paging
}

/** The entity of the type that the field is of. */
export function ownEntity({ parentType }: GraphQLResolveInfo): Entity {
  const { entity } = parentType.extensions
  if (entity) return entity
  throw new CrossfadeError('MISCONFIGURED', `${parentType.name} is no type that entityType made.`)
}

/**
 * The value of the parent's key. Inside of json, and in a text that refers to an enumeration, one may stand that the
 * other field cannot hold: it leads nowhere, as null does.
 */
export function keyOf(info: GraphQLResolveInfo, parent: unknown, of: string, entity: Entity, by: string): never {
  const value = leafValue(membersOf(parent), leafAt(ownEntity(info), of))
  try {
    return (value === null ? null : parseValue(entity, by, value)) as never // of the type that the options have checked
  } catch (error) {
    if (error instanceof CrossfadeError) return null as never
    throw error
  }
}

/** What is read of the parent. */
export const needsOf = (of: string) => ({ needs: of === 'id' ? [] : [of] })

/** The keys of the order. @throws MISCONFIGURED for a path that is not there, BAD_USER_INPUT for one that has no order. */
export function orderBelow(entity: Entity, by: string, order: NonNullable<AnyBelow['order']>): readonly OrderKey[] {
  const keys = Object.entries(order).flatMap(([path, direction]): OrderKey[] =>
    direction ? [{ path, direction }] : [],
  )
  leafAt(entity, by)
  totalOrder(entity, keys)
  return keys
}

/**
 * The records whose field `by` is the parent's id, or its field `of`, in pages; all parents of a level share one
 * statement: `comments: children(t, Comment, { by: 'movieId', order: { date: 'desc' } })`.
 *
 * @throws MISCONFIGURED for a path that is not there, BAD_USER_INPUT for one that has no order.
 */
export function children<Parent, Kind extends FieldKind, E extends Entity, K extends KeyPathOf<E>>(
  t: FieldsOf<Parent, Kind>,
  entity: E,
  options: ChildrenOptions<Parent, E, K>,
): Made
export function children(
  t: FieldsOf<unknown, FieldKind>,
  entity: Entity,
  { as, by = 'id', of = 'id', order = {}, paging = 'both', size, max, cursor, where, unscoped, ...told }: AnyOptions,
): Made {
  const shown = shownTo({ where, unscoped })
  const fields = objectFields(t)
  const keys = orderBelow(entity, by, order)
  const maxOffset = cursor && maxOffsetBelow // of cursors that count records
  return fields.field({
    ...told,
    type: connectionType(t.builder, entity, { as }),
    nullable: false,
    extensions: {
      ...told.extensions,
      ...needsOf(of),
      ...pageOf(entity, { size, max, maxOffset, cursor }),
      children: [{ entity, by, order: keys }],
    },
    args: pageArgs(
      fields,
      paging,
      keys.some(({ path }) => leafAt(entity, path).sensitive),
    ),
    resolve: (parent, page, context, info) =>
      childrenOf(context, info, entity, by, keyOf(info, parent, of, entity, by), keys, page, shown(context)),
  })
}

/** Which field of the parent holds which field of the other record. */
export interface ReferenceOptions<Parent, E extends Entity, K extends KeyPathOf<E>> extends Told, As<E>, Shown<E> {
  /** The field of the record that is referred to; default its id. */
  readonly by?: K
  /** The parent's field that holds its value. */
  readonly of: ParentPath<Parent, E, K>
}

/**
 * The record that the parent's field `of` refers to, by id or by its field `by`; all parents of a level share one batch:
 * `movie: reference(t, Movie, { of: 'movieId' })`. Null where the field is null or leads nowhere.
 *
 * @throws MISCONFIGURED for a path that is not there.
 */
export function reference<Parent, Kind extends FieldKind, E extends Entity, K extends KeyPathOf<E> = 'id'>(
  t: FieldsOf<Parent, Kind>,
  entity: E,
  options: ReferenceOptions<Parent, E, K>,
): Made
export function reference(
  t: FieldsOf<unknown, FieldKind>,
  entity: Entity,
  { as, by = 'id', of = 'id', where, unscoped, ...told }: Omit<AnyOptions, 'order' | 'paging' | keyof Paged>,
): Made {
  const shown = shownTo({ where, unscoped })
  leafAt(entity, by)
  return objectFields(t).field({
    ...told,
    type: entityTypeOf(t.builder, entity, as),
    extensions: { ...told.extensions, ...needsOf(of) },
    resolve: (parent, _, context, info) =>
      loadParsed(context, info, entity, by, keyOf(info, parent, of, entity, by), shown(context)),
  })
}
