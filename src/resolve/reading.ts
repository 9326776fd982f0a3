import type { GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { fieldSet, wholePaths } from '../entity/field-set.ts'
import type { PathOf } from '../entity/path.ts'
import type { Narrow } from '../entity/record.ts'
import type { GatewayContext } from './context.ts'
import { orMissing } from './missing-value.ts'

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /** Record paths that the field's resolver reads; without it the path of the same name. */
    readonly needs?: readonly string[]
  }
}

type Resolve<Parent, Args, Result> = (
  record: Parent,
  args: Args,
  context: GatewayContext,
  info: GraphQLResolveInfo,
) => Result

/** The part of a field's configuration that says what its resolver reads. */
export interface Reading<Parent, Args, Result> {
  readonly extensions: { readonly needs: readonly string[] }
  readonly resolve: Resolve<Parent, Args, Result>
}

/** Has a failure come by a promise, as a value that is missing: see `missing`. */
const awaited =
  <Parent, Args, Result>(resolve: Resolve<Parent, Args, Result>): Resolve<Parent, Args, Result> =>
  (record, args, context, info) => {
    try {
      return orMissing(resolve(record, args, context, info), info)
    } catch (error) {
      return Promise.reject(error) as Result // graphql-js takes a promise of it as well
    }
  }

/**
 * A field of an entity that is worked out from others: names the record paths that its resolver reads, which then are
 * read wherever the field is selected, and which alone the resolver gets to see. A path of an object reads all of it.
 *
 * ```ts
 * commentCount: t.int({ ...reading(Movie, ['commentCount'], ({ commentCount }) => commentCount ?? 0) })
 * ```
 *
 * @throws MISCONFIGURED for a path that the entity does not have.
 */
export function reading<E extends Entity, const P extends PathOf<E>, Result, Args = object>(
  entity: E,
  paths: readonly P[],
  resolve: Resolve<Narrow<E, P>, Args, Result>,
): Reading<Narrow<E>, Args, Result> {
  const needs = wholePaths(entity, paths)
  fieldSet(entity, needs)
  // What is needed is read with every record whose selection holds the field
  return { extensions: { needs }, resolve: awaited(resolve as Resolve<Narrow<E>, Args, Result>) }
}
