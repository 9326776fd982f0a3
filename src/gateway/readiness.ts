import type { FlagWatch } from '../control/flag-watch.ts'
import type { Entity } from '../entity/entity.ts'
import { unadopted } from '../jobs/adopt-mappings.ts'
import type { Routing, Stores } from '../routing/routing.ts'
import { mongoProblems } from '../stores/mongo/server-check.ts'
import { type Migrations, migrationStatus } from '../stores/postgres/migrate.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import { schemaDrift } from '../stores/postgres/schema-diff.ts'
import { postgresProblems } from '../stores/postgres/server-check.ts'
import { messageOf } from '../util/errors.ts'

type Check = () => Promise<readonly string[]>

async function tableProblems(
  postgres: PostgresStore,
  entities: readonly Entity[],
  migrations: Migrations,
): Promise<readonly string[]> {
  const { connection } = postgres
  const problems = await postgresProblems(connection, entities)
  if (problems.length > 0) return problems
  const status = await migrationStatus(connection, migrations)
  const missing = status
    .filter(({ applied }) => applied === null)
    .map(({ set, name }) => `Migration ${set}/${name} has not run.`)
  if (missing.length > 0) return [...missing, 'Run `crossfade migrate up`.']
  const drift = (await schemaDrift(connection, entities)).filter(({ works }) => !works)
  if (drift.length > 0) return drift.map(({ table, problem }) => `${table}: ${problem}.`)
  const grown = (await unadopted(postgres, entities)).map(({ name }) => name)
  if (grown.length === 0) return []
  return [`The mapping of ${grown.join(', ')} has grown; run \`crossfade migrate up\`, which fills its columns.`]
}

export interface ReadinessOptions {
  readonly stores: Stores
  readonly entities: readonly Entity[]
  readonly migrations: Migrations
  readonly flags: FlagWatch
  readonly log: Routing['log']
  /** How often it looks while something stands in the way, in milliseconds; default 5,000. */
  readonly intervalMs?: number
}

/**
 * Whether both stores are what the gateway needs: what `/readyz` says. Once one was, it may drop later and takes
 * readiness away no more, since the other still serves.
 */
export class Readiness {
  readonly #options: ReadinessOptions
  readonly #open: Map<string, Check>
  #problems: readonly string[] = ['The stores were not asked yet.']
  #look: Promise<readonly string[]> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: ReadinessOptions) {
    const { stores, entities, migrations, flags } = options
    this.#options = options
    this.#open = new Map<string, Check>([
      [
        'flags',
        async () => flags.missing().map((type) => `No stage is known for ${type}. Run \`crossfade migrate up\`.`),
      ],
      ['mongo', () => mongoProblems(stores.mongo.connection, entities)],
      ['postgres', () => tableProblems(stores.postgres, entities, migrations)],
    ])
  }

  /** Looks until nothing stands in the way, and logs what does when it changes. */
  start(): void {
    void this.problems().then((problems) => {
      if (problems.length > 0) this.#timer = setTimeout(() => this.start(), this.#options.intervalMs ?? 5_000).unref()
    })
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** What stands in the way; empty when ready. Looks anew as long as something does, once for all who ask meanwhile. */
  problems(): Promise<readonly string[]> {
    // Take readiness away at any time: the gateway of the newer version, or mapping, is to get what this one refuses
    const { formats, disagreements } = this.#options.flags
    const problems = [...formats.problems, ...disagreements]
    if (problems.length > 0) return Promise.resolve(problems)
    if (this.#open.size === 0) return Promise.resolve([])
    this.#look ??= this.#ask().finally(() => {
      this.#look = undefined
    })
    return this.#look
  }

  async #ask(): Promise<readonly string[]> {
    const answers = await Promise.all(
      [...this.#open].map(async ([name, check]) => {
        const problems = await check().catch((error: unknown) => [`${name}: ${messageOf(error)}`])
        if (problems.length === 0) this.#open.delete(name)
        return problems
      }),
    )
    const problems = answers.flat()
    const known = new Set(this.#problems)
    for (const problem of problems) if (!known.has(problem)) this.#options.log('warn', `Not ready: ${problem}`)
    if (problems.length === 0) this.#options.log('info', 'The gateway is ready.')
    this.#problems = problems
    return problems
  }
}
