import type { GraphQLResolveInfo } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { shownUnmapped } from '../shadow/redact.ts'
import type { MongoSide } from '../stores/mongo/side.ts'
import type { PostgresSide } from '../stores/postgres/side.ts'
import type { Json } from '../util/json.ts'
import { checkTexts } from './check-texts.ts'
import { type GatewayContext, resolverName, sessionOf } from './context.ts'

/** Of what, and in whose request, a field is asked. */
export interface Asked<Parent> {
  /** The value that the field is of; a record holds what the field says that it reads, `extensions: { needs: […] }`. */
  readonly parent: Parent
  readonly context: GatewayContext
}

/** A field that is written by hand for each store, and still flagged, compared and timed like any other. */
export interface Routed<Args, Found extends Json, Result extends Json, Parent = unknown> {
  /** Other types whose records the result depends on. */
  readonly also?: readonly Entity[]
  readonly mongo: (side: MongoSide, args: Args, asked: Asked<Parent>) => Promise<Found>
  readonly postgres: (side: PostgresSide, args: Args, asked: Asked<Parent>) => Promise<Found>
  /** Characters of a text, and members of a list, in the arguments; default: the limit `textLength` of the config. */
  readonly textLength?: number
  /** The last step, the same for both stores: arithmetic and ordering. Ids are hydrated by the fields below. */
  readonly finish: (found: Found, args: Args, asked: Asked<Parent>) => Result
}

/**
 * A resolver of a field that is written by hand for each store: runs the side of the store that the type's flag decides,
 * and compares and times it like any other read. `docs/contracts.md` has an example.
 */
export function routed<Args, Found extends Json, Result extends Json, Parent = unknown>(
  entity: Entity,
  { also, mongo, postgres, textLength, finish }: Routed<Args, Found, Result, Parent>,
): (parent: Parent, args: Args, context: GatewayContext, info: GraphQLResolveInfo) => Promise<Result> {
  const shown = (value: unknown): Json => shownUnmapped([entity, ...(also ?? [])], value)
  return async (parent, args, context, info) => {
    const asked: Asked<Parent> = { parent, context }
    checkTexts(args, textLength ?? context.routing.limits.textLength, textLength !== undefined)
    return sessionOf(context, info).reads.run<Result>({
      entity,
      also,
      fields: null,
      resolver: resolverName(info),
      args: () => shown(args),
      ask: async (source, signal) => {
        const found =
          source.origin === 'mongo'
            ? mongo(source.side(signal), args, asked)
            : postgres(source.side(signal), args, asked)
        return finish(await found, args, asked)
      },
      outcome: (value) => ({ is: 'value', value, shown }),
    })
  }
}
