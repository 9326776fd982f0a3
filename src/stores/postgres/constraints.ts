import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import pg from 'pg'
import type { Entity } from '../../entity/entity.ts'
import type { UniqueKey } from '../unique-key.ts'
import type { PostgresConnection } from './connection.ts'
import { quote } from './ddl.ts'
import { type PostgresIndex, postgresIndexes } from './indexes.ts'
import { addConstraint, createUnique, standing, type UniqueForm, uniqueForms } from './unique-forms.ts'
import { withoutLimits } from './without-limits.ts'

export interface EnsureOptions {
  readonly log?: (line: string) => void
  /** How often the table's lock is asked for; default 120. */
  readonly tries?: number
  /** Between two tries, in milliseconds; default 1,000. */
  readonly waitMs?: number
}

/** What readers may have to queue behind us for, in milliseconds, at each try. */
const lockMs = 200

/** The number that PostgreSQL gives its version: 180001. */
export async function serverVersion(connection: PostgresConnection): Promise<number> {
  const [row] = await connection.run<{ version: string }>(sql`select current_setting('server_version_num') as version`)
  return Number(row!.version)
}

const codeOf = (error: unknown): string | undefined => (error instanceof pg.DatabaseError ? error.code : undefined)

/** Statements that need the table to themselves for a moment, as one transaction; false where it is not to be had. */
async function underShortLock(
  client: pg.PoolClient,
  statements: readonly string[],
  { table }: UniqueForm,
  { log, tries = 120, waitMs = 1_000 }: EnsureOptions,
): Promise<boolean> {
  await client.query(`set lock_timeout = ${lockMs}`)
  for (let tried = 1; tried <= tries; tried++) {
    try {
      await client.query(statements.join('; '))
      return true
    } catch (error) {
      if (codeOf(error) !== '55P03') throw error
    }
    if (tried === 1) log?.(`${table}: its unique key waits for transactions that read or write the table to end`)
    await sleep(waitMs)
  }
  return false
}

/** Builds an index beside what is there; what an earlier build left unfinished goes first. False: there are duplicates. */
async function build(client: pg.PoolClient, form: UniqueForm, name: string, left: boolean): Promise<boolean> {
  const drop = `drop index concurrently if exists ${quote(name)}`
  if (left) await client.query(drop)
  try {
    await client.query(createUnique(form, name))
    return true
  } catch (error) {
    if (codeOf(error) !== '23505') throw error
    await client.query(drop)
    return false
  }
}

/** What is to be done for a form, by the indexes that its table has. */
async function make(
  client: pg.PoolClient,
  form: UniqueForm,
  present: readonly PostgresIndex[],
  options: EnsureOptions,
): Promise<string | null> {
  const state = standing(form, present)
  if (state === 'kept') return null
  const { name, table } = form
  // What is there under the name goes in the moment that the new one takes it over
  const building = state === 'replace' ? `${name.slice(0, 58)}_new` : name
  const old = present.find((index) => index.name === name)
  const drop =
    old?.deferrable === null
      ? `drop index ${quote(name)}`
      : `alter table ${quote(table)} drop constraint ${quote(name)}`
  const take =
    form.predicate === null ? addConstraint(form, building) : `alter index ${quote(building)} rename to ${quote(name)}`
  const left = present.some((index) => index.name === building)
  if (state !== 'attach' && !(await build(client, form, building, left))) return `${name}: there are duplicates`
  if (form.predicate !== null && state !== 'replace') return null
  const moment = state === 'replace' ? [drop, take] : [take]
  if (await underShortLock(client, moment, form, options)) return null
  return `${name}: other transactions kept ${table} locked; values are unique, but records cannot exchange them yet`
}

const turnMs = 200

/**
 * One process after the other: a build of another one would be taken for what a killed one has left. Asked for again and
 * again, since whoever waits in a statement holds a snapshot, which a concurrent build waits for in its turn.
 */
async function inTurn<T>(client: pg.PoolClient, { name }: UniqueForm, work: () => Promise<T>): Promise<T> {
  const key = `hashtextextended('unique key ' || $1, 0)`
  for (;;) {
    const { rows } = await client.query(`select pg_try_advisory_lock(${key}) as is_ours`, [name])
    if (rows[0].is_ours) break
    await sleep(turnMs)
  }
  try {
    return await work()
  } finally {
    await client.query(`select pg_advisory_unlock(${key})`, [name])
  }
}

async function ensureForm(
  connection: PostgresConnection,
  form: UniqueForm,
  options: EnsureOptions,
): Promise<string | null> {
  const present = (): Promise<readonly PostgresIndex[]> => postgresIndexes(connection, form.table)
  if (standing(form, await present()) === 'kept') return null
  return withoutLimits(connection, (client) =>
    inTurn(client, form, async () => make(client, form, await present(), options)),
  )
}

/**
 * Makes what keeps the unique keys, without a lock that readers queue behind for more than a moment. Deferrable where it
 * holds for all rows, so that the mirror can exchange two records' values in one transaction.
 *
 * @returns what could not be made and why, a line each.
 */
export async function ensureUnique(
  connection: PostgresConnection,
  entity: Entity,
  keys: readonly UniqueKey[],
  options: EnsureOptions = {},
): Promise<string[]> {
  if (keys.length === 0) return []
  const version = await serverVersion(connection)
  const problems: string[] = []
  for (const form of keys.flatMap((key) => uniqueForms(entity, key, version))) {
    const problem = await ensureForm(connection, form, options)
    if (problem !== null) problems.push(problem)
  }
  return problems
}
