import type { GraphQLResolveInfo } from 'graphql'
import { candidateOf } from '../routing/decide.ts'
import type { Writes } from '../routing/declared-writes.ts'
import type { Routing } from '../routing/routing.ts'
import type { Transaction } from '../routing/transaction.ts'
import { write as routedWrite } from '../routing/writes.ts'
import { CrossfadeError } from '../util/errors.ts'
import { type GatewayContext, resolverName, sessionOf } from './context.ts'

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /** The types that the field's resolver writes. */
    readonly writes?: Writes
  }
}

/** Whoever asks is only worked out where the mirror may answer him: a share of the reads, or a fail-over. */
function noteWrites({ flags, recentWrites }: Routing, { entities }: Writes, subject: () => string): void {
  for (const { name } of entities) if (candidateOf(flags.get(name)) !== null) recentWrites.note(name, subject())
}

/**
 * Runs the writes of a mutation's field, which says in its extensions what it writes: `writes: only(Movie)`. Waits while
 * authority over one of those types moves, runs `work`, mirrors within 150 ms. What is loaded behind a step sees what it
 * wrote. Steps that `work` does not wait for are waited for; none may begin past its end.
 *
 * ```ts
 * resolve: (_, { id }, context, info) =>
 *   write(context, info, async (tx) => ({ movie: await tx.of(Movie).patch(id, { votes: increment(1) }) })),
 * ```
 *
 * @throws what `work` throws; TRY_AGAIN, UNAVAILABLE and UNKNOWN_OUTCOME as the stores fare; MISCONFIGURED where the
 * field does not say what it writes.
 */
export async function write<Result>(
  context: GatewayContext,
  info: GraphQLResolveInfo,
  work: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  const { writes } = info.parentType.getFields()[info.fieldName]!.extensions
  if (!writes) {
    const remedy = 'Say so in its extensions: `writes: only(…)`.'
    throw new CrossfadeError('MISCONFIGURED', `${resolverName(info)} does not say which types it writes. ${remedy}`)
  }
  const { routing } = context
  if ('answer' in routing)
    throw new CrossfadeError('MISCONFIGURED', `${resolverName(info)} writes, in a look that reads.`)
  const { loaders, written } = sessionOf(context, info)
  const onWrite = (): void => {
    loaders.clear()
    noteWrites(routing, writes, context.subject)
  }
  const result = await routedWrite(routing, writes, work, onWrite, context)
  written.push(info.path)
  return result
}
