import { sql } from 'kysely'
import type pg from 'pg'
import { awaitWithin, timedOut } from '../../util/await-within.ts'
import type { Findings } from '../findings.ts'
import type { Explaining } from '../plan.ts'
import type { PoolState } from '../pool-state.ts'
import { closeMs, type Source, type Store } from '../store.ts'
import { tracedReader } from '../traced-reader.ts'
import type { Triage } from '../triage.ts'
import { postgresAuthority } from './authority.ts'
import { connectPostgres, type PostgresConnection, type PostgresOptions } from './connection.ts'
import { cuts } from './cuts.ts'
import { type DataIssues, dataIssues } from './data-issues.ts'
import { failureOf, readError } from './errors.ts'
import { explained } from './explain.ts'
import { postgresFindings } from './findings.ts'
import { keepsUnique } from './keeps-unique.ts'
import { postgresLedger } from './ledger.ts'
import { postgresLineage } from './lineage.ts'
import { postgresOutbox } from './outbox.ts'
import { postgresReader } from './reader.ts'
import { postgresReplica } from './replica.ts'
import { replicationLag } from './replication-lag.ts'
import { type PostgresSide, postgresSide } from './side.ts'
import { spread } from './spread.ts'
import { postgresTriage } from './triage.ts'

export interface PostgresSource extends Source {
  readonly origin: 'postgres'
  readonly connection: PostgresConnection
  /** What bespoke resolvers get, see `resolve/routed`. */
  side(signal?: AbortSignal): PostgresSide
}

/** PostgreSQL also keeps what is only about the move: data issues and findings. */
export interface PostgresStore extends Store, PostgresSource {
  readonly origin: 'postgres'
  readonly candidate: PostgresSource
  readonly control: PostgresSource
  /** The authority's: reads of clients, however many, leave its connections alone. */
  readonly writes: PostgresConnection
  /** The mirror's: what it puts here, and what it is owed from here. */
  readonly puts: PostgresConnection
  explaining(by: Explaining): PostgresSource
  pools(): readonly PoolState[]
  readonly dataIssues: DataIssues
  readonly findings: Findings
  readonly triage: Triage
}

const postgresSource = (connection: PostgresConnection): PostgresSource => ({
  origin: 'postgres',
  connection,
  reader: tracedReader('postgres', postgresReader(connection)),
  outbox: postgresOutbox(connection),
  side: (signal) => postgresSide(connection, signal),
})

const stateOf = (name: PoolState['name'], { totalCount, idleCount, waitingCount }: pg.Pool): PoolState => ({
  name,
  taken: totalCount - idleCount,
  idle: idleCount,
  waiting: waitingCount,
})

/**
 * PostgreSQL as a store.
 *
 * @param candidateBudgetMs what one candidate read may take; those have their own connections.
 * @param controlBudgetMs likewise, of flags, signs of life, claims and what is owed; default: as others.
 */
export function postgresStore(
  options: PostgresOptions,
  candidateBudgetMs = 2_000,
  controlBudgetMs = options.statementTimeoutMs,
): PostgresStore {
  const connection = connectPostgres(options)
  const candidate = postgresSource(connectPostgres({ ...options, poolSize: 7, statementTimeoutMs: candidateBudgetMs }))
  const writes = connectPostgres({ ...options, poolSize: 12 })
  const puts = connectPostgres({ ...options, poolSize: 7 })
  const control = postgresSource(
    connectPostgres({ ...options, poolSize: 3, statementTimeoutMs: controlBudgetMs, keepsIdle: true }),
  )
  const pools = { reads: connection, candidate: candidate.connection, control: control.connection, writes, puts }
  return {
    ...postgresSource(connection),
    candidate,
    control,
    outbox: postgresOutbox(puts),
    authority: postgresAuthority(writes, puts),
    replica: postgresReplica(puts),
    writes,
    puts,
    ledger: postgresLedger(control.connection),
    pools: () => Object.entries(pools).map(([name, { pool }]) => stateOf(name as PoolState['name'], pool)),
    explaining: (by) => postgresSource(explained(connection, by)),
    settled: async () => false,
    distrust() {
      for (const each of [connection, candidate.connection, writes, puts]) each.distrust()
    },
    takesWrites: () => true, // what it does not take it refuses at once
    spread: (entity, ranges, records) => spread(connection, entity, ranges, records),
    cuts: (entity, records, most) => cuts(connection, entity, records, most),
    keepsUnique: (entity, paths) => keepsUnique(connection, entity, paths),
    replicationLag: () => replicationLag(connection),
    failureOf,
    readError,
    dataIssues: dataIssues(puts),
    findings: postgresFindings(candidate.connection), // what shadow reads saw takes no connection from clients
    triage: postgresTriage(candidate.connection),
    lineage: () => postgresLineage(control.connection),
    async ping(ms) {
      const answer = await awaitWithin(connection.run(sql`select 1`), ms)
      if (answer === timedOut) throw new Error(`PostgreSQL did not answer within ${ms} ms`)
    },
    async close() {
      const ends = Object.values(pools).map(({ pool }) => pool.end())
      await awaitWithin(Promise.all(ends), closeMs)
    },
  }
}
