import type { FieldKind, FieldRef } from '@pothos/core'
import type { Entity } from '../entity/entity.ts'
import type { ValueOf } from '../entity/field.ts'
import { leafAt } from '../entity/leaf-at.ts'
import type { EqualKind, FieldAt, KeyPathOf, OrderPathOf, ScalarPathIn, ValueAt } from '../entity/path.ts'
import type { FieldsIn } from '../entity/record.ts'
import type { Direction, OrderKey } from '../query/order.ts'
import { everything } from '../query/where.ts'
import { loadChildren, loadConnection } from '../resolve/connection.ts'
import { load, loadBy } from '../resolve/load.ts'
import type { FieldBuilder, InputRef, SchemaTypesOf } from './builder.ts'
import { connectionType } from './connection-type.ts'
import { entityTypeOf } from './entity-type.ts'
import type { FilterInput, FilterType } from './filter-type.ts'
import type { OrderInput, OrderNames, OrderType } from './order-type.ts'
import { scalarName } from './scalars.ts'

/** What Pothos hands to `fields` of an object, a query or a mutation. */
type FieldsOf<Parent> = PothosSchemaTypes.RootFieldBuilder<SchemaTypesOf, Parent, FieldKind>

/** A field as Pothos takes it. */
type Made = FieldRef<SchemaTypesOf>

/** What every field may say of itself in the contract. */
interface Told {
  readonly description?: string
  readonly deprecationReason?: string
}

/** All kinds of fields are made alike, but Pothos types them apart. */
const objectFields = <Parent>(t: FieldsOf<Parent>): FieldBuilder<Parent> => t as FieldBuilder<Parent>

/** One record by its id, `movie(id: ID!)`, or by another field: `userByEmail(email: String!)`. Null where there is none. */
export function record<Parent, E extends Entity>(
  t: FieldsOf<Parent>,
  entity: E,
  { by = 'id', ...told }: { readonly by?: KeyPathOf<E> } & Told = {},
): Made {
  const fields = objectFields(t)
  const leaf = leafAt(entity, by)
  const name = leaf.keys.at(-1)!
  return fields.field({
    ...told,
    type: entityTypeOf(t.builder, entity),
    args: { [name]: fields.arg({ type: scalarName(leaf), required: true }) },
    resolve: (_, args, context, info) => {
      const value = (args as Readonly<Record<string, never>>)[name]
      return by === 'id' ? load(context, info, entity, value) : loadBy(context, info, entity, by, value)
    },
  })
}

/** Arguments of a page: forward alone, or backward as well. */
export type Paging = 'forward' | 'both'

function pageArgs(fields: FieldBuilder<unknown>, paging: Paging) {
  const forward = { first: fields.arg.int(), after: fields.arg.string() }
  return paging === 'forward' ? forward : { ...forward, last: fields.arg.int(), before: fields.arg.string() }
}

export interface ConnectionOptions<E extends Entity, N extends OrderNames<E>> extends Told {
  /** What `filterType` made; without it the list is of all records. */
  readonly filter?: FilterType
  /** What `orderType` made; without it the list is in the order of ids. */
  readonly orderBy?: OrderType<E, N>
  /** The order where the client asks for none, by the names of `orderBy`: `{ YEAR: 'desc', TITLE: 'asc' }`. */
  readonly defaultOrder?: { readonly [K in keyof N]?: Direction }
  /** Default `both`. */
  readonly paging?: Paging
}

interface ConnectionArgs {
  readonly filter?: FilterInput | null
  readonly orderBy?: readonly OrderInput[] | null
}

/** The list of an entity's records, in pages: `movies(filter:, orderBy:, first:, after:, last:, before:)`. */
export function connection<Parent, E extends Entity, const N extends OrderNames<E>>(
  t: FieldsOf<Parent>,
  entity: E,
  { filter, orderBy, defaultOrder, paging = 'both', ...told }: ConnectionOptions<E, N> = {},
): Made {
  const fields = objectFields(t)
  const keys: InputRef<OrderInput> | undefined = orderBy
  const defaultValue = defaultOrder && orderBy?.named(defaultOrder)
  return fields.field({
    ...told,
    type: connectionType(t.builder, entity),
    nullable: false,
    args: {
      ...(filter ? { filter: fields.arg({ type: filter }) } : {}),
      ...(keys ? { orderBy: fields.arg({ type: [keys], ...(defaultValue ? { defaultValue } : {}) }) } : {}),
      ...pageArgs(fields, paging),
    },
    resolve: (_, { filter: wanted, orderBy: order, ...page }: ConnectionArgs, context, info) =>
      loadConnection(context, info, entity, filter?.parse(wanted) ?? everything, orderBy?.parse(order) ?? [], page),
  })
}

/** Paths of the parent whose values are of the same type as the children's. */
type ParentPath<Parent, V> =
  | (Parent extends { readonly id: V } ? 'id' : never)
  | {
      [P in ScalarPathIn<FieldsIn<Parent>, EqualKind>]: NonNullable<ValueOf<FieldAt<FieldsIn<Parent>, P>>> extends V
        ? P
        : never
    }[ScalarPathIn<FieldsIn<Parent>, EqualKind>]

type Key<E extends Entity, K extends string> = NonNullable<ValueAt<E, K>>

export interface ChildrenOptions<Parent, E extends Entity, K extends KeyPathOf<E>> extends Told {
  /** The children's field that holds the parent's key. */
  readonly by: K
  /** The parent's key; default its id. */
  readonly of?: ParentPath<Parent, Key<E, K>>
  /** Record paths in order: `{ date: 'desc' }`. Default: by id. */
  readonly order?: { readonly [P in OrderPathOf<E>]?: Direction }
  /** Default `both`. */
  readonly paging?: Paging
}

/** The value of the parent's key. */
function keyOf(parent: unknown, path: string): never {
  let value: unknown = parent
  for (const key of path.split('.')) value = (value as Readonly<Record<string, unknown>> | null)?.[key]
  return (value ?? null) as never // its type is that of the path, which the options have checked
}

/**
 * The records whose field `by` is the parent's id, or its field `of`, in pages; all parents of a level share one
 * statement.
 */
export function children<Parent, E extends Entity, K extends KeyPathOf<E>>(
  t: FieldsOf<Parent>,
  entity: E,
  { by, of = 'id' as never, order = {}, paging = 'both', ...told }: ChildrenOptions<Parent, E, K>,
): Made {
  const fields = objectFields(t)
  const keys = Object.entries(order).map(([path, direction]) => ({ path, direction })) as OrderKey<OrderPathOf<E>>[]
  return fields.field({
    ...told,
    type: connectionType(t.builder, entity),
    nullable: false,
    extensions: { needs: of === 'id' ? [] : [of] },
    args: pageArgs(fields, paging),
    resolve: (parent, page, context, info) => loadChildren(context, info, entity, by, keyOf(parent, of), keys, page),
  })
}

export interface ReferenceOptions<Parent, E extends Entity, K extends KeyPathOf<E>> extends Told {
  /** The field of the record that is referred to; default its id. */
  readonly by?: K
  /** The parent's field that holds its value. */
  readonly of: ParentPath<Parent, Key<E, K>>
}

/** The record that the parent's field `of` refers to, by id or by its field `by`; all parents of a level share one batch. */
export function reference<Parent, E extends Entity, K extends KeyPathOf<E> = 'id'>(
  t: FieldsOf<Parent>,
  entity: E,
  { by = 'id' as K, of, ...told }: ReferenceOptions<Parent, E, K>,
): Made {
  return objectFields(t).field({
    ...told,
    type: entityTypeOf(t.builder, entity),
    extensions: { needs: of === 'id' ? [] : [of] },
    resolve: (parent, _, context, info) => {
      const value = keyOf(parent, of)
      return by === 'id' ? load(context, info, entity, value) : loadBy(context, info, entity, by, value)
    },
  })
}
