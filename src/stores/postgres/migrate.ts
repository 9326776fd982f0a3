import { Kysely, PostgresDialect, sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { CrossfadeError, messageOf } from '../../util/errors.ts'
import type { PostgresConnection } from './connection.ts'
import { failureOf } from './errors.ts'
import * as control from './migrations/0001-control.ts'
import * as shadow from './migrations/0002-shadow.ts'
import * as ledgerAge from './migrations/0003-ledger-age.ts'
import * as writeFence from './migrations/0004-write-fence.ts'
import * as refusals from './migrations/0005-refusals.ts'
import * as putFence from './migrations/0006-put-fence.ts'
import * as otherWriters from './migrations/0007-other-writers.ts'
import * as groups from './migrations/0008-groups.ts'
import * as triage from './migrations/0009-triage.ts'
import * as sharedTables from './migrations/0010-shared-tables.ts'
import * as checks from './migrations/0011-checks.ts'
import * as hours from './migrations/0012-hours.ts'
import * as examplesByRecord from './migrations/0013-examples-by-record.ts'

/** Migrations by name; they run in the order of their names, each in a transaction. */
export type Migrations = Readonly<Record<string, Migration>>

export interface MigrationStatus {
  readonly set: 'crossfade' | 'app'
  readonly name: string
  readonly applied: Date | null
}

const own: Migrations = {
  '0001-control': control,
  '0002-shadow': shadow,
  '0003-ledger-age': ledgerAge,
  '0004-write-fence': writeFence,
  '0005-refusals': refusals,
  '0006-put-fence': putFence,
  '0007-other-writers': otherWriters,
  '0008-groups': groups,
  '0009-triage': triage,
  '0010-shared-tables': sharedTables,
  '0011-checks': checks,
  '0012-hours': hours,
  '0013-examples-by-record': examplesByRecord,
}

/** Crossfade's tables and the app's are numbered apart, so that an upgrade of one never collides with the other. */
function migrators(db: Kysely<unknown>, app: Migrations): { set: MigrationStatus['set']; migrator: Migrator }[] {
  const make = (migrations: Migrations, name: string): Migrator =>
    new Migrator({
      db,
      provider: { getMigrations: async () => ({ ...migrations }) },
      migrationTableSchema: 'crossfade',
      migrationTableName: `${name}_migrations`,
      migrationLockTableName: `${name}_migrations_lock`,
    })
  return [
    { set: 'crossfade', migrator: make(own, 'crossfade') },
    { set: 'app', migrator: make(app, 'app') },
  ]
}

function kysely({ connect, pool: { options } }: PostgresConnection): Kysely<unknown> {
  const pool = { connect, options, end: async () => undefined } // the pool itself is its owner's to close
  return new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
}

const rights = 'The rights that `crossfade migrate up` needs are in docs/security.md.'

/** Runs what has not run yet; returns the names. @throws MISCONFIGURED with the migration that failed and why. */
export async function migrateUp(connection: PostgresConnection, app: Migrations): Promise<string[]> {
  const db = kysely(connection)
  await sql`create schema if not exists crossfade`.execute(db)
  const done: string[] = []
  for (const { set, migrator } of migrators(db, app)) {
    const { error, results } = await migrator.migrateToLatest()
    for (const result of results ?? []) {
      if (result.status === 'Success') done.push(`${set}/${result.migrationName}`)
      if (result.status === 'Error') {
        const remedy = failureOf(error) === 'forbidden' ? `. ${rights}` : ''
        const text = `Migration ${set}/${result.migrationName} failed: ${messageOf(error)}${remedy}`
        throw new CrossfadeError('MISCONFIGURED', text, { cause: error })
      }
    }
    if (error) throw new CrossfadeError('MISCONFIGURED', `Migrations cannot run: ${messageOf(error)}`, { cause: error })
  }
  return done
}

/** What has run and what has not. */
export async function migrationStatus(connection: PostgresConnection, app: Migrations): Promise<MigrationStatus[]> {
  const status: MigrationStatus[] = []
  for (const { set, migrator } of migrators(kysely(connection), app)) {
    for (const { name, executedAt } of await migrator.getMigrations()) {
      status.push({ set, name, applied: executedAt ?? null })
    }
  }
  return status
}
