import { type RawBuilder, sql } from 'kysely'
import pg from 'pg'

type Sql = RawBuilder<unknown>

/** What a statement of ours raises, since others were sent behind it. */
export const refusals = {
  /** See `mayWrite`. */
  moved: 'CF001',
  /** The record, or its tombstone, is of a higher epoch. */
  newer: 'CF002',
  /** The row keeps as unmapped what the mapping names by now. */
  stale: 'CF003',
  /** There is no such record, or it is not as the guard of a write wants it. */
  absent: 'CF004',
  /** A trigger's: the other store has the records of the type. */
  elsewhere: 'CF005',
  /** A trigger's. */
  truncated: 'CF007',
  /** See `mayPut`. */
  overtaken: 'CF008',
  /** Something was deleted under the id. */
  buried: 'CF009',
} as const

export const refuse = (state: keyof typeof refusals): Sql => sql`crossfade.refuse(${sql.lit(refusals[state])})`

/** Raises where a condition holds, row by row; the first one counts. */
export const refuseWhere = (conditions: readonly (readonly [Sql, keyof typeof refusals])[]): Sql =>
  sql`case ${sql.join(
    conditions.map(([condition, state]) => sql`when ${condition} then ${refuse(state)}`),
    sql` `,
  )} end`

export const isRefused = (error: unknown, state: keyof typeof refusals): boolean =>
  error instanceof pg.DatabaseError && error.code === refusals[state]
