import { type RawBuilder, sql } from 'kysely'
import type { Entity } from '../../entity/entity.ts'
import type { WhereOf } from '../../query/where.ts'
import { askedCondition } from '../../query/written-condition.ts'
import type { PostgresConnection } from './connection.ts'
import { tableOf } from './select.ts'
import { translate } from './where.ts'

/** What a bespoke resolver gets on the Postgres side. */
export interface PostgresSide {
  /** Runs one statement; ends it where the client has left, or the request's time is over. */
  run<T = Record<string, unknown>>(statement: RawBuilder<unknown>): Promise<readonly T[]>
  /** Kysely's tag: values are bound, `sql.id` quotes identifiers. */
  readonly sql: typeof sql
  /** The rows of an entity under the alias `t`: of a table of several types, its own. */
  from(entity: Entity): RawBuilder<unknown>
  /** The query AST as a condition on the alias `t`. @throws BAD_USER_INPUT for values that are not of their kind. */
  match<E extends Entity>(entity: E, where: WhereOf<E['fields']>): RawBuilder<unknown>
}

/** @param signal ends what is asked, see `Reader`. */
export function postgresSide(connection: PostgresConnection, signal?: AbortSignal): PostgresSide {
  return {
    sql,
    run: (statement) => connection.run(statement, signal),
    from: tableOf,
    match: (entity, where) => translate(entity, askedCondition(entity, where)),
  }
}
