import { type RawBuilder, sql } from 'kysely'
import type { Entity } from '../../entity/entity.ts'
import type { WhereOf } from '../../query/where.ts'
import type { Executor, PostgresConnection } from './connection.ts'
import { tableOf } from './select.ts'
import { translate } from './where.ts'

/** What a bespoke resolver gets on the Postgres side. */
export interface PostgresSide extends Pick<Executor, 'run'> {
  /** Kysely's tag: values are bound, `sql.id` quotes identifiers. */
  readonly sql: typeof sql
  /** An entity's table under the alias `t`. */
  from(entity: Entity): RawBuilder<unknown>
  /** The query AST as a condition on the alias `t`. */
  match<E extends Entity>(entity: E, where: WhereOf<E['fields']>): RawBuilder<unknown>
}

export function postgresSide(connection: PostgresConnection): PostgresSide {
  return { sql, run: connection.run, from: tableOf, match: translate }
}
