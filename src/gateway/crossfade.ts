import type { Entity } from '../entity/entity.ts'
import type { TypeReader } from '../resolve/type-reader.ts'
import type { Writes } from '../routing/declared-writes.ts'
import type { Routing } from '../routing/routing.ts'
import type { Transaction } from '../routing/transaction.ts'

/** Where a job finds its stores, and how it shows. */
export interface CrossfadeOptions {
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

/** What a job reads and writes through; see `openCrossfade`. */
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
   * Lets no more writes begin, waits within bounds until what was begun is mirrored or owed, and lets go of both stores:
   * the process can end then. Safe to call twice.
   */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
