import DataLoader from 'dataloader'
import type { FieldNode, GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { shownUnmapped } from '../shadow/redact.ts'
import type { MongoSide } from '../stores/mongo/side.ts'
import type { PostgresSide } from '../stores/postgres/side.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Json } from '../util/json.ts'
import { checkTexts } from './check-texts.ts'
import { type GatewayContext, resolverName, type Session, sessionOf } from './context.ts'
import type { Asked, Routed } from './routed.ts'

/** Of which values, and in whose request, a field is asked. */
export interface AskedEach<Parent> {
  /** All that the level has, each as often as it is there. */
  readonly parents: readonly Parent[]
  readonly context: GatewayContext
}

/** In an object, since a loader takes no null for a key. */
interface Place<Parent> {
  readonly parent: Parent
}

/** A field below many, written by hand for each store: each side answers for all parents of a level at once. */
export interface RoutedEach<Args, Found extends Json, Result extends Json, Parent>
  extends Pick<Routed<Args, Found, Result, Parent>, 'also' | 'textLength' | 'finish'> {
  /** What is found of each parent, in the order of `parents`. */
  readonly mongo: (side: MongoSide, args: Args, asked: AskedEach<Parent>) => Promise<readonly Found[]>
  readonly postgres: (side: PostgresSide, args: Args, asked: AskedEach<Parent>) => Promise<readonly Found[]>
}

/**
 * `routed` for a field that many parents have: one read for all of them, instead of one for each. What they are answered
 * is compared and timed together, as a list in the order of the parents.
 *
 * @throws MISCONFIGURED where a side does not answer for each parent.
 */
export function routedEach<Args, Found extends Json, Result extends Json, Parent>(
  entity: Entity,
  { also, mongo, postgres, textLength, finish }: RoutedEach<Args, Found, Result, Parent>,
): (parent: Parent, args: Args, context: GatewayContext, info: GraphQLResolveInfo) => Promise<Result> {
  const shown = (value: unknown): Json => shownUnmapped([entity, ...(also ?? [])], value)
  /** By the place in the document: what is asked there is the same for all parents. */
  const levels = new WeakMap<Session, Map<FieldNode, DataLoader<Place<Parent>, Result>>>()

  function level(session: Session, args: Args, context: GatewayContext, info: GraphQLResolveInfo) {
    const resolver = resolverName(info)
    return new DataLoader<Place<Parent>, Result>(
      (places) =>
        session.reads.run<Result[]>({
          entity,
          also,
          fields: null,
          resolver,
          args: () => shown(args),
          ask: async (source, signal) => {
            const parents = places.map(({ parent }) => parent)
            const asked = { parents, context }
            const found =
              source.origin === 'mongo'
                ? await mongo(source.side(signal), args, asked)
                : await postgres(source.side(signal), args, asked)
            if (found.length !== parents.length) {
              const text = `${resolver} found ${found.length} values in ${source.origin} for ${parents.length} parents`
              throw new CrossfadeError('MISCONFIGURED', `${text}: each is to have one, in their order.`)
            }
            return found.map((each, index) => {
              const of: Asked<Parent> = { parent: parents[index]!, context }
              return finish(each, args, of)
            })
          },
          outcome: (value) => ({ is: 'value', value, shown }),
        }),
      { cache: false }, // a parent is asked once at each place, and what a mutation has changed is read anew
    )
  }

  return (parent, args, context, info) => {
    checkTexts(args, textLength ?? context.routing.limits.textLength, textLength !== undefined)
    const session = sessionOf(context, info)
    const known = levels.get(session) ?? new Map<FieldNode, DataLoader<Place<Parent>, Result>>()
    levels.set(session, known)
    const node = info.fieldNodes[0]!
    const loader = known.get(node) ?? level(session, args, context, info)
    known.set(node, loader)
    return loader.load({ parent })
  }
}
