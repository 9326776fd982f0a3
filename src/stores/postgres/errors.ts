import pg from 'pg'
import type { Entity } from '../../entity/entity.ts'
import { CrossfadeError } from '../../util/errors.ts'
import {
  Conflict,
  type Failure,
  isTrouble,
  meanings,
  refusedRecord,
  StoreSilent,
  troubleOfRead,
  troubleOfWrite,
} from '../failure.ts'
import type { PostgresConnection } from './connection.ts'
import { ConnectionFailure } from './connection-failure.ts'
import { postgresIndexes } from './indexes.ts'
import { isRefused } from './refusals.ts'

/** By SQLSTATE, else by its class: https://www.postgresql.org/docs/18/errcodes-appendix.html */
const byState = meanings<string>({
  // Connection lost, a standby, an end by an operator or a timeout, a server that starts or stops, or a database that takes
  // no connections, broken files
  unreachable: ['08', '25006', '25P03', '55000', '57', '58', 'F0', 'XX001', 'XX002'],
  // Serialisation and deadlock, resources such as connections and disk, locks, authority that moves
  busy: ['40', '53', '55006', '55P03', 'CF006'],
  full: [], // told by ConnectionFailure
  timeout: ['25P04', '57014', '72000'],
  forbidden: ['28', '42501'],
  // A database, schema, table, column, function or prepared statement that is not there
  unfit: ['0A000', '26000', '3D000', '3F000', '42703', '42883', '42P01', '42P05'],
  conflict: ['23505', '23P01'],
  // Values out of range, constraints, limits, WITH CHECK OPTION, what a trigger raises
  refused: ['22', '23', '44', '54', 'P0'],
  unknown: ['40003'],
})

/** What an error means; null for a fault of ours. */
export function failureOf(error: unknown): Failure | null {
  if (error instanceof StoreSilent) return 'unreachable'
  if (error instanceof ConnectionFailure) return error.failure
  if (error instanceof RangeError) return 'refused' // a text too long for the driver's machine
  if (!(error instanceof pg.DatabaseError)) return null
  const state = error.code ?? ''
  return byState.get(state) ?? byState.get(state.slice(0, 2)) ?? null
}

/** A unique or foreign key refused the row, or an index that a value of it is too long for. */
export function isConstraint(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && ['23505', '23503', '54000'].includes(error.code ?? '')
}

export const isTooLong = (error: unknown): boolean => error instanceof pg.DatabaseError && error.code === '54000'

/** True where the store is in trouble, and another record would fare the same. */
export const isStoreTrouble = (error: unknown): boolean => isTrouble(failureOf(error))

const reasons: readonly (readonly [string, string])[] = [
  ['22021', 'a text holds a character that PostgreSQL cannot keep'],
  ['22P05', 'a text holds a character that PostgreSQL cannot keep'],
  ['22003', 'a number is out of the range of its column'],
  ['22008', 'a date is out of the range of its column'],
  ['22', 'a value is not one that its column can hold'],
  ['23502', 'a column that must not be null got no value'],
  ['23503', 'a row that it refers to is missing'],
  ['23', 'a constraint refuses it'],
  ['54000', 'a value is too long for an index of PostgreSQL'],
  ['54', 'it is larger than PostgreSQL allows'],
  ['P0', 'a trigger of the table refuses it'],
]

/** Why PostgreSQL cannot hold this record, with no value of it; null where the record is not the reason. */
export function refusal(error: unknown): string | null {
  if (failureOf(error) !== 'refused') return null
  if (!(error instanceof pg.DatabaseError)) return 'it is too large to be sent'
  const { code = '', column, constraint } = error
  const reason = reasons.find(([state]) => code.startsWith(state))?.[1] ?? 'a rule of PostgreSQL refuses it'
  const place = constraint ?? column
  return `${reason} (${place ? `${place}, ` : ''}SQLSTATE ${code})`
}

/** The record paths of the unique constraint that refused a row. */
async function conflictFields(
  connection: PostgresConnection,
  entity: Entity,
  { constraint }: pg.DatabaseError,
): Promise<string[]> {
  const index = (await postgresIndexes(connection, entity.postgres)).find(({ name }) => name === constraint)
  const paths = new Map([...entity.leaves.values()].map(({ column, path }) => [column, path]))
  return [...(index?.columns ?? []), ...(index?.carried ?? [])].map((column) => paths.get(column) ?? column)
}

/** What a failed read means to the caller. */
export function readError(error: unknown): unknown {
  const failure = failureOf(error)
  return failure === null ? error : troubleOfRead(failure, error)
}

/** What a store's trouble means to whoever writes, before anything was written; other errors stay as they are. */
export function writeTrouble(error: unknown): unknown {
  const failure = failureOf(error)
  return failure === null || error instanceof CrossfadeError ? error : troubleOfWrite('PostgreSQL', failure, error)
}

/** What a failed write means to the caller. A transaction whose COMMIT was not sent has written nothing. */
export async function writeError(connection: PostgresConnection, entity: Entity, error: unknown): Promise<unknown> {
  if (isRefused(error, 'moved'))
    return new CrossfadeError('TRY_AGAIN', `Authority over ${entity.name} is moving; try again.`, { cause: error })
  if (error instanceof CrossfadeError) return error
  if (failureOf(error) === 'conflict' && error instanceof pg.DatabaseError)
    return new Conflict(await conflictFields(connection, entity, error).catch(() => []))
  const reason = refusal(error)
  return reason === null ? writeTrouble(error) : refusedRecord(reason)
}
