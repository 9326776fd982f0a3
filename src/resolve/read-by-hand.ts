import type { GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { shownUnmapped } from '../shadow/redact.ts'
import type { MongoSide } from '../stores/mongo/side.ts'
import type { PostgresSide } from '../stores/postgres/side.ts'
import type { Json } from '../util/json.ts'
import type { Origin } from '../util/origin.ts'
import { checkTexts } from './check-texts.ts'
import { type GatewayContext, resolverName, sessionOf } from './context.ts'

/** What is written by hand for each store: `Of` is of what, and in whose request, it is asked. */
export interface Sides<Args, Of, Found> {
  /** Other types whose records the result depends on. */
  readonly also?: readonly Entity[]
  readonly mongo: (side: MongoSide, args: Args, asked: Of) => Promise<Found>
  readonly postgres: (side: PostgresSide, args: Args, asked: Of) => Promise<Found>
  /** Characters of a text, and members of a list, in the arguments; default: the limit `textLength` of the config. */
  readonly textLength?: number
}

/** One request for a field. */
export interface Request<Args, Of> {
  readonly args: Args
  readonly asked: Of
  readonly context: GatewayContext
  readonly info: GraphQLResolveInfo
}

/** @throws BAD_USER_INPUT for texts and lists that are too long. */
export const checkArgs = (
  { textLength }: Pick<Sides<unknown, unknown, unknown>, 'textLength'>,
  args: unknown,
  { routing }: GatewayContext,
  info: GraphQLResolveInfo,
): void =>
  textLength === undefined
    ? checkTexts(args, routing.limits.textLength, null)
    : checkTexts(args, textLength, resolverName(info))

/**
 * Runs the side of the store that the type's flag decides, and compares and times it like any other read.
 *
 * @param finish the last step, the same for both stores.
 */
export function readByHand<Args, Of, Found, Result extends Json>(
  entity: Entity,
  { also, mongo, postgres }: Sides<Args, Of, Found>,
  { args, asked, context, info }: Request<Args, Of>,
  finish: (found: Found, origin: Origin) => Result,
): Promise<Result> {
  const shown = (value: unknown): Json => shownUnmapped([entity, ...(also ?? [])], value)
  return sessionOf(context, info).reads.run<Result>({
    entity,
    also,
    fields: null,
    resolver: resolverName(info),
    args: () => shown(args),
    ask: async (source, signal) => {
      const found =
        source.origin === 'mongo' ? mongo(source.side(signal), args, asked) : postgres(source.side(signal), args, asked)
      return finish(await found, source.origin)
    },
    outcome: (value) => ({ is: 'value', value, shown }),
  })
}
