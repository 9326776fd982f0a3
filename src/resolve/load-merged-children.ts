import type { GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import type { KeyPathOf } from '../entity/path.ts'
import type { Narrow } from '../entity/record.ts'
import { checkMerged, type ListedType, planMerged } from '../query/merged-page.ts'
import type { OrderKey } from '../query/order.ts'
import type { PageArgs } from '../query/page.ts'
import { parseValue } from '../query/where.ts'
import { plannedOnce, readChildren } from './children-plan.ts'
import type { Connection } from './connection.ts'
import type { GatewayContext } from './context.ts'
import {
  connectionOfTypes,
  type EntityOf,
  type Fitting,
  type ListedOf,
  listed,
  type MergedLoadOptions,
  mergedFields,
} from './load-merged.ts'
import { boundsHere } from './page-bounds.ts'
import { countsHere } from './page-fields.ts'

/**
 * The records of several types below one parent, those whose field at `path` is `value`, in one order, as `loadMerged` has
 * them: all parents of a level share one statement for each type. Null has none.
 *
 * @param path of all types, and of one kind in them.
 * @throws as `loadMerged`, and BAD_USER_INPUT where the request has got too many records.
 */
export async function loadMergedChildren<const T extends readonly ListedOf<Entity>[]>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  types: T & Fitting<T>,
  path: KeyPathOf<EntityOf<T[number]>>,
  value: unknown,
  order: readonly OrderKey[],
  args: PageArgs,
  options: MergedLoadOptions = {},
): Promise<Connection<Narrow<EntityOf<T[number]>>>> {
  const all = types.map((type) => listed(type))
  checkMerged(
    all.map(({ entity }) => entity),
    [path],
  )
  return mergedChildrenOf(
    context,
    info,
    all,
    path,
    parseValue(all[0]!.entity, path, value ?? null),
    order,
    args,
    options,
  )
}

/** The same by a value that was parsed before. */
export async function mergedChildrenOf<E extends Entity>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  types: readonly ListedType[],
  path: string,
  value: unknown,
  order: readonly OrderKey[],
  args: PageArgs,
  options: MergedLoadOptions = {},
): Promise<Connection<Narrow<E>>> {
  const kin = types.map(({ entity }) => entity)
  const planned = types.map(({ entity, where }, type) =>
    plannedOnce(info, { entity, kin, path, where, order, args }, options, {
      plan: () => planMerged(types, order, args, boundsHere(info)).plans[type]!,
      selected: ({ shownOrder }) => ({
        fields: mergedFields(info, entity, shownOrder, options),
        counts: countsHere(info, {}),
      }),
    }),
  )
  const pages = await Promise.all(planned.map((each) => readChildren(context, info, each, value)))
  const totalCount = async (): Promise<number> => {
    const counts = await Promise.all(pages.map((page) => page.totalCount()))
    return counts.reduce((sum, count) => sum + count, 0)
  }
  const found = pages.map((page) => page.found)
  // Their plans differ in nothing that says how the page is shown
  return connectionOfTypes<E>(types, planned[0]!.plan, found, totalCount)
}
