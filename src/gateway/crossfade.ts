import type { ServerResponse } from 'node:http'
import type { ExecutionArgs, ExecutionResult } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import type { AppContext, GatewayContext } from '../resolve/context.ts'
import type { TypeReader } from '../resolve/type-reader.ts'
import type { Writes } from '../routing/declared-writes.ts'
import type { Routing } from '../routing/routing.ts'
import type { Transaction } from '../routing/transaction.ts'

/** Where a job, or a server of the team's own, finds its stores, and how it shows. */
export interface CrossfadeOptions {
  /**
   * Whether clients are answered by it, as a GraphQL server of the team's own does: it checks the app as the gateway does
   * at its start, asks the `flags` provider, and takes away what was kept and is too old. Default: false, a job.
   */
  readonly serves?: boolean
  /** Default: the variable `MONGODB_URI`. */
  readonly mongoUri?: string
  /** Default: the variable `DATABASE_URL`. */
  readonly databaseUrl?: string
  /** That of this host's gateways, whose kill switch is the job's as well; default `CROSSFADE_DATA_DIR`, else `.crossfade`. */
  readonly dataDir?: string
  /** Who reads, for sticky read percentages; default: the job itself, the same one until it is closed. */
  readonly subject?: string
  /** Default: warnings go to stderr. */
  readonly log?: Routing['log']
}

/** Who asks, and how it is known that he has left. */
export interface RequestOptions {
  /** For shares of reads, see `subject` of the configuration; default: nobody known. */
  readonly subject?: string
  /** Node's response to the client: where it is closed before its end, the client has left. */
  readonly response?: ServerResponse
  /** The same for servers that tell it by a signal. */
  readonly signal?: AbortSignal
}

/** The part of a request's context that is Crossfade's. */
export type RequestContext = Omit<GatewayContext, keyof AppContext>

/** What a job, or a server of the team's own, reads and writes through; see `openCrossfade`. */
export interface Crossfade {
  /**
   * Runs writes as a mutation's field does: waits while authority over one of the types moves, runs `work`, mirrors
   * within 150 ms.
   *
   * @param types a type or its name; several are said as a mutation's field says them: `together(…)`, `independent(…)`.
   * @throws what `work` throws; BAD_USER_INPUT for a name that no type has; TRY_AGAIN, UNAVAILABLE and UNKNOWN_OUTCOME
   * as the stores fare; MISCONFIGURED once it is closed.
   */
  write<Result>(types: Entity | string | Writes, work: (tx: Transaction) => Promise<Result>): Promise<Result>
  /**
   * Reads one type. Behind a write of the type they go to the store with authority, and so see it.
   *
   * @throws BAD_USER_INPUT for a name that no type has.
   */
  reader<E extends Entity>(type: E): TypeReader<E>
  reader(name: string): TypeReader<Entity>
  /**
   * What resolvers of one request need in their context, for a GraphQL server of the team's own: `load`, `write`, `routed`
   * and the others take it. Where there is more in the context, it is spread.
   */
  context(request?: RequestOptions): RequestContext
  /**
   * Executes an operation that was parsed and validated, in the place of graphql-js's `execute`, which it calls: within
   * `limits.answerMs`, with `extensions.crossfade.stale`, and with errors that show clients no more than is theirs to know.
   *
   * @throws MISCONFIGURED where `contextValue` does not hold what `context` has made.
   */
  execute(args: ExecutionArgs): Promise<ExecutionResult>
  /** Why it cannot answer all that it may be asked, a line each, as `/readyz` of the gateway says it; empty when ready. */
  problems(): Promise<readonly string[]>
  /**
   * Lets no more writes begin, waits within bounds until what was begun is mirrored or owed, and lets go of both stores:
   * the process can end then. Safe to call twice.
   */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
