import type { GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import type { Json } from '../util/json.ts'
import type { GatewayContext } from './context.ts'
import { checkArgs, readByHand, type Sides } from './read-by-hand.ts'

/** Of what, and in whose request, a field is asked. */
export interface Asked<Parent> {
  /** The value that the field is of; a record holds what the field says that it reads, `extensions: { needs: […] }`. */
  readonly parent: Parent
  readonly context: GatewayContext
}

/** A field that is written by hand for each store, and still flagged, compared and timed like any other. */
export interface Routed<Args, Found extends Json, Result extends Json, Parent = unknown>
  extends Sides<Args, Asked<Parent>, Found> {
  /** The last step, the same for both stores: arithmetic and ordering. Ids are hydrated by the fields below. */
  readonly finish: (found: Found, args: Args, asked: Asked<Parent>) => Result
}

/**
 * A resolver of a field that is written by hand for each store: runs the side of the store that the type's flag decides,
 * and compares and times it like any other read. `docs/contracts.md` has an example.
 */
export function routed<Args, Found extends Json, Result extends Json, Parent = unknown>(
  entity: Entity,
  { finish, ...sides }: Routed<Args, Found, Result, Parent>,
): (parent: Parent, args: Args, context: GatewayContext, info: GraphQLResolveInfo) => Promise<Result> {
  return async (parent, args, context, info) => {
    const asked: Asked<Parent> = { parent, context }
    checkArgs(sides, args, context, info)
    return readByHand(entity, sides, { args, asked, context, info }, (found) => finish(found, args, asked))
  }
}
