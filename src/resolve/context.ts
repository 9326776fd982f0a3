import type { GraphQLResolveInfo } from 'graphql'
import type { HeldRecords } from '../routing/held-records.ts'
import { type Look, looking } from '../routing/look.ts'
import { Reads, type RequestReads } from '../routing/reads.ts'
import type { Routing } from '../routing/routing.ts'
import { Loaders } from './loaders.ts'

/**
 * What an app's own resolvers find in the context, beside what Crossfade puts there: `context` of the configuration makes
 * it. An app says what it is:
 *
 * ```ts
 * declare module 'crossfade' {
 *   interface AppContext {
 *     readonly user: User | null
 *   }
 * }
 * ```
 */
export interface AppContext {}

const session: unique symbol = Symbol('session')

/** What Yoga hands to resolvers; one a request. */
export interface GatewayContext extends AppContext {
  readonly routing: Routing | Look
  /** Who asks: decides sticky read percentages. The same each time; worked out where it is needed. */
  readonly subject: () => string
  /** Ends what the request asks of the stores: its client has left, or its time is over. */
  readonly signal?: AbortSignal
  /** When its writes begin at the latest that wait for their turn, by the monotonic clock, in milliseconds. */
  readonly beginBy?: number
  /** Counts what it reads with what others read; whoever executes it says when it ends. */
  readonly heldRecords?: HeldRecords
  /** Ours. In a map by context it cost each request 5 µs. */
  [session]?: Session
}

/** Where a field stands in the answer. */
type FieldPath = GraphQLResolveInfo['path']

/** Reads and loaders of one request: one decision per type, one batch per level. */
export interface Session {
  readonly reads: RequestReads
  readonly loaders: Loaders
  /** Of fields whose `write` was carried out. */
  readonly written: FieldPath[]
}

/** The request's session, begun by its first resolver; only then is it known whether it is a mutation. */
export const sessionOf = (context: GatewayContext, info: GraphQLResolveInfo): Session =>
  (context[session] ??= begun(context, info))

/** The context of another operation of whoever asks, in which nothing was loaded yet. */
export function anew(context: GatewayContext): GatewayContext {
  const { [session]: _, heldRecords, ...rest } = context
  return heldRecords ? { ...rest, heldRecords: heldRecords.anew() } : rest
}

function begun({ routing, subject, signal, heldRecords }: GatewayContext, info: GraphQLResolveInfo): Session {
  // Payloads show what was written just now, and events follow from it
  const fromAuthority = info.operation.operation !== 'query'
  const reads =
    'answer' in routing ? looking(routing, signal) : new Reads(routing, subject, fromAuthority, signal, heldRecords)
  return { reads, loaders: new Loaders(reads), written: [] }
}

/** Types of which the request's answer is stale, see `Reads.stale`. */
export const staleIn = (context: GatewayContext): RequestReads['stale'] | undefined => context[session]?.reads.stale

/** Which store has answered for which type, see `Reads.stores`; undefined where nothing was read. */
export const storesIn = (context: GatewayContext): RequestReads['stores'] | undefined => context[session]?.reads.stores

/** Where the request's writes were carried out. */
export const writtenIn = (context: GatewayContext): readonly FieldPath[] => context[session]?.written ?? []

/** `Query.movies`: how mismatches and logs name a field. */
export const resolverName = (info: GraphQLResolveInfo): string => `${info.parentType.name}.${info.fieldName}`
