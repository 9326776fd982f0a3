import { sql } from 'kysely'
import { awaitWithin, timedOut } from '../../util/await-within.ts'
import type { Findings } from '../findings.ts'
import type { Store } from '../store.ts'
import { connectPostgres, type PostgresConnection, type PostgresOptions } from './connection.ts'
import { type DataIssues, dataIssues } from './data-issues.ts'
import { postgresDebts } from './debts.ts'
import { failureOf } from './errors.ts'
import { postgresFindings } from './findings.ts'
import { postgresLedger } from './ledger.ts'
import { postgresReader } from './reader.ts'
import { postgresWriter } from './writer.ts'

/** PostgreSQL also keeps what is only about the move: data issues and findings. */
export interface PostgresStore extends Store {
  readonly origin: 'postgres'
  readonly connection: PostgresConnection
  readonly candidateConnection: PostgresConnection
  readonly dataIssues: DataIssues
  readonly findings: Findings
}

/**
 * PostgreSQL as a store.
 *
 * @param candidateBudgetMs what one candidate read may take; those have their own connections.
 */
export function postgresStore(options: PostgresOptions, candidateBudgetMs = 2_000): PostgresStore {
  const connection = connectPostgres(options)
  const candidateConnection = connectPostgres({ ...options, poolSize: 8, statementTimeoutMs: candidateBudgetMs })
  return {
    origin: 'postgres',
    connection,
    candidateConnection,
    reader: postgresReader(connection),
    candidate: postgresReader(candidateConnection),
    writer: postgresWriter(connection),
    debts: postgresDebts(connection),
    ledger: postgresLedger(connection),
    failureOf,
    dataIssues: dataIssues(connection),
    findings: postgresFindings(candidateConnection), // what shadow reads saw takes no connection from clients
    async ping(ms) {
      const answer = await awaitWithin(connection.run(sql`select 1`), ms)
      if (answer === timedOut) throw new Error(`PostgreSQL did not answer within ${ms} ms`)
    },
    async close() {
      await Promise.all([connection.pool.end(), candidateConnection.pool.end()])
    },
  }
}
