import DataLoader from 'dataloader'
import type { FieldNode, GraphQLObjectType, GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Json } from '../util/json.ts'
import { onceFor } from '../util/once-for.ts'
import { type GatewayContext, resolverName, type Session, sessionOf } from './context.ts'
import { checkArgs, readByHand, type Sides } from './read-by-hand.ts'
import type { Routed } from './routed.ts'

/** Of which values, and in whose request, a field is asked. */
export interface AskedEach<Parent> {
  /** All that the level has, each as often as it is there. */
  readonly parents: readonly Parent[]
  readonly context: GatewayContext
}

/**
 * A field below many, written by hand for each store: each side answers for all parents of a level at once, with what is
 * found of each, in the order of `parents`.
 */
export interface RoutedEach<Args, Found extends Json, Result extends Json, Parent>
  extends Sides<Args, AskedEach<Parent>, readonly Found[]>,
    Pick<Routed<Args, Found, Result, Parent>, 'finish'> {}

/** In an object, since a loader takes no null for a key. */
interface Place<Parent> {
  readonly parent: Parent
}

/**
 * `routed` for a field that many parents have: one read for all of them, instead of one for each. What they are answered
 * is compared and timed together, as a list in the order of the parents.
 *
 * @throws MISCONFIGURED where a side does not answer for each parent.
 */
export function routedEach<Args, Found extends Json, Result extends Json, Parent>(
  entity: Entity,
  { finish, ...sides }: RoutedEach<Args, Found, Result, Parent>,
): (parent: Parent, args: Args, context: GatewayContext, info: GraphQLResolveInfo) => Promise<Result> {
  /** By the place in the document: what is asked there is the same for all parents of one type. */
  const levels = onceFor((_session: Session) =>
    onceFor((_type: GraphQLObjectType) => new Map<FieldNode, DataLoader<Place<Parent>, Result>>()),
  )

  const level = (args: Args, context: GatewayContext, info: GraphQLResolveInfo) =>
    new DataLoader<Place<Parent>, Result>(
      (places) => {
        const parents = places.map(({ parent }) => parent)
        return readByHand(entity, sides, { args, asked: { parents, context }, context, info }, (found, origin) => {
          if (found.length !== parents.length) {
            const text = `${resolverName(info)} found ${found.length} values in ${origin} for ${parents.length} parents`
            throw new CrossfadeError('MISCONFIGURED', `${text}: each is to have one, in their order.`)
          }
          return found.map((each, index) => finish(each, args, { parent: parents[index]!, context }))
        })
      },
      { cache: false }, // a parent is asked once at each place, and what a mutation has changed is read anew
    )

  return (parent, args, context, info) => {
    checkArgs(sides, args, context, info)
    const known = levels(sessionOf(context, info))(info.parentType)
    const node = info.fieldNodes[0]!
    const loader = known.get(node) ?? level(args, context, info)
    known.set(node, loader)
    return loader.load({ parent })
  }
}
