import type { RawBuilder, sql } from 'kysely'
import type { Entity } from '../../entity/entity.ts'
import type { WhereOf } from '../../query/where.ts'

/** What a write by hand gets in PostgreSQL. Nothing of it can be used behind its end. */
export interface PostgresHand {
  /** Runs one statement in the write's own transaction, behind those before it. One that fails ends it. */
  run<T = Record<string, unknown>>(statement: RawBuilder<unknown>): Promise<readonly T[]>
  /** Kysely's tag: values are bound, `sql.id` quotes identifiers. */
  readonly sql: typeof sql
  /** The table of a type under the alias `t`, with the rows of all its types: for what changes rows. */
  table(entity: Entity): RawBuilder<unknown>
  /** The rows of a type under the alias `t`, to be read. */
  from(entity: Entity): RawBuilder<unknown>
  /** The query AST as a condition on the alias `t`, which rows of other types never meet. @throws as `patchWhen` does. */
  match<E extends Entity>(entity: E, where: WhereOf<E['fields']>): RawBuilder<unknown>
}
