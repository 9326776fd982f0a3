import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Command } from 'commander'
import { allFlags, ledgersOf } from '../control/flag-store.ts'
import { checkFormats, format, raiseFormat } from '../control/format.ts'
import { disagreements } from '../control/groups.ts'
import { prepareFlags } from '../control/prepare-flags.ts'
import type { Entity } from '../entity/entity.ts'
import { flagMembers } from '../entity/flag-key.ts'
import { adoptMappings } from '../jobs/adopt-mappings.ts'
import { forewarnings } from '../jobs/forewarnings.ts'
import { untriggered } from '../jobs/unseen-writers.ts'
import { prepareMongo } from '../stores/mongo/connection.ts'
import { migrateUp, migrationStatus } from '../stores/postgres/migrate.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import { schemaDrift } from '../stores/postgres/schema-diff.ts'
import { validateChecks } from '../stores/postgres/validate-checks.ts'
import { CrossfadeError } from '../util/errors.ts'
import { origins } from '../util/origin.ts'
import { printJson, printTable, say, warn } from './output.ts'
import type { Session } from './session.ts'
import { subcommandsOf } from './subcommands.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
}

/** @throws MISCONFIGURED where all migrations have run and a type has no table. */
async function checkTables({ connection }: PostgresStore, entities: readonly Entity[]): Promise<void> {
  const missing = (await schemaDrift(connection, entities)).filter(({ problem }) => problem === 'table is missing')
  if (missing.length === 0) return
  const tables = missing.map(({ table }) => table).join(', ')
  const remedy = 'Run `crossfade migrate new NAME`, and name what it writes in crossfade.config.ts.'
  throw new CrossfadeError('MISCONFIGURED', `No migration makes ${tables}. ${remedy}`)
}

/** Looks at rows that were there before the checks of their tables. */
async function unheldChecks({ connection }: PostgresStore, entities: readonly Entity[]): Promise<string[]> {
  const lines: string[] = []
  for (const entity of entities) lines.push(...(await validateChecks(connection, entity)))
  return lines
}

interface Migrated {
  readonly done: readonly string[]
  /** A line for each check that rows of before do not hold. */
  readonly unheld: readonly string[]
}

/** Everything that the gateway needs before it can be ready: tables, Mongo's indexes, flags. Safe to repeat. */
export async function migrateAll({ config, stores }: Pick<Session, 'config' | 'stores'>): Promise<Migrated> {
  const ledgers = ledgersOf(stores)
  await checkFormats(ledgers)
  const done = await migrateUp(stores.postgres.connection, config.migrations)
  for (const origin of origins)
    if (await raiseFormat(ledgers[origin])) done.push(`format ${format} of the bookkeeping in ${origin}`)
  await checkTables(stores.postgres, config.entities)
  const adopted = await adoptMappings(stores.postgres, config.entities)
  await prepareMongo(stores.mongo.connection, config.entities)
  const members = flagMembers(config.entities)
  const flags = await prepareFlags(ledgers, [...members.keys()], members)
  const grown = [...adopted].filter(([, count]) => count > 0)
  const taken = grown.map(([type, count]) => `values of ${count} records of ${type} that are mapped by now`)
  const unheld = await unheldChecks(stores.postgres, config.entities)
  return { done: [...done, ...taken, ...flags.map((key) => `flag ${key}`)], unheld }
}

/** As a template of JavaScript's has it: names and values of a mapping may hold what is none of its own. */
const inTemplate = (statement: string): string => statement.replace(/[\\`]|\$(?=\{)/g, '\\$&')

function migrationText(statements: readonly string[]): string {
  const list = statements.map((statement) => `  \`${inTemplate(statement).replaceAll('\n', '\n  ')}\`,`)
  return [
    "import { type Kysely, sql } from 'kysely'",
    '',
    'const statements = [',
    ...list,
    ']',
    '',
    'export async function up(db: Kysely<unknown>): Promise<void> {',
    '  for (const statement of statements) await sql.raw(statement).execute(db)',
    '}',
    '',
  ].join('\n')
}

/** @param config the file that the migrations stand beside, where one is named. */
async function writeMigration(session: Session, name: string, config?: string): Promise<string | null> {
  if (!/^[a-z0-9-]+$/.test(name)) throw new CrossfadeError('BAD_USER_INPUT', 'A migration is named in a-z, 0-9 and -.')
  const drift = await schemaDrift(session.stores.postgres.connection, session.config.entities)
  const statements = drift.flatMap(({ statement }) => statement ?? [])
  for (const { table, problem, statement } of drift)
    if (!statement) say(`${table}: ${problem}; write this change by hand.`)
  if (statements.length === 0) return null
  const folder = join(config === undefined ? '' : dirname(config), 'migrations')
  mkdirSync(folder, { recursive: true })
  const last = readdirSync(folder).map((file) => Number.parseInt(file, 10) || 0)
  const file = join(folder, `${String(Math.max(0, ...last) + 1).padStart(4, '0')}-${name}.ts`)
  writeFileSync(file, migrationText(statements), { flag: 'wx' })
  return file
}

/** The tables that the mappings imply. */
export function migrateCommand(): Command {
  const migrate = new Command('migrate').description('the tables that the mappings imply')
  const add = subcommandsOf(migrate)
  add('up', 'run what has not run, make the indexes of the mirror and the flags', 'crossfade migrate up').action(
    ({ config, json }: Options) =>
      withSession(config, async (session) => {
        const { done, unheld } = await migrateAll(session)
        const { stores, config: app } = session
        const lines = [
          ...unheld,
          ...(await forewarnings(stores.mongo, app.entities)),
          ...(await untriggered(stores, app.entities)),
        ]
        const split = disagreements(await allFlags(ledgersOf(stores)), app.entities)
        for (const line of [...lines, ...split.values()]) warn(line)
        if (json) printJson(done)
        else say(done.length > 0 ? `Done: ${done.join(', ')}.` : 'Nothing was left to do.')
      }),
  )
  add('status', 'which migrations have run', 'crossfade migrate status').action(({ config, json }: Options) =>
    withSession(config, async ({ config: app, stores }) => {
      const status = await migrationStatus(stores.postgres.connection, app.migrations)
      if (json) printJson(status)
      else
        printTable(
          ['migration', 'applied'],
          status.map(({ set, name, applied }) => [`${set}/${name}`, applied?.toISOString() ?? 'no']),
        )
    }),
  )
  add('diff', 'where the database differs from the mappings; exit 2 where it does', 'crossfade migrate diff').action(
    ({ config, json }: Options) =>
      withSession(config, async ({ config: app, stores }) => {
        const drift = await schemaDrift(stores.postgres.connection, app.entities)
        if (json) printJson(drift)
        else
          for (const { table, problem, statement } of drift)
            process.stdout.write(`-- ${table}: ${problem}\n${statement ? `${statement};\n` : ''}`)
        if (drift.length > 0) process.exitCode = 2
      }),
  )
  add('new <name>', 'write a migration for what `diff` shows', 'crossfade migrate new add-rating').action(
    (name: string, { config, json }: Options) =>
      withSession(config, async (session) => {
        const file = await writeMigration(session, name, config)
        if (json) printJson({ file })
        else
          say(file ? `Wrote ${file}. Review it, and name it in crossfade.config.ts.` : 'The tables fit the mappings.')
      }),
  )
  return migrate
}
