import type { Entity } from '../entity/entity.ts'
import type { PostgresConnection } from '../stores/postgres/connection.ts'
import { type Migrations, migrationStatus } from '../stores/postgres/migrate.ts'
import { schemaDrift } from '../stores/postgres/schema-diff.ts'
import { messageOf } from '../util/errors.ts'

/**
 * Whether the tables fit: what `/readyz` says. Once they fitted, a store that drops later does not take readiness
 * away, since the other still serves.
 */
export class Readiness {
  #problems: readonly string[] = ['The tables were not checked yet.']
  readonly #check: () => Promise<string[]>

  constructor(connection: PostgresConnection, entities: readonly Entity[], migrations: Migrations) {
    this.#check = async () => {
      const status = await migrationStatus(connection, migrations)
      const missing = status
        .filter(({ applied }) => applied === null)
        .map(({ set, name }) => `Migration ${set}/${name} has not run.`)
      if (missing.length > 0) return [...missing, 'Run `crossfade migrate up`.']
      return (await schemaDrift(connection, entities)).map(({ table, problem }) => `${table}: ${problem}.`)
    }
  }

  /** What stands in the way; empty when ready. Checks anew as long as something does. */
  async problems(): Promise<readonly string[]> {
    if (this.#problems.length === 0) return []
    try {
      this.#problems = await this.#check()
    } catch (error) {
      this.#problems = [`PostgreSQL cannot be asked: ${messageOf(error)}`]
    }
    return this.#problems
  }
}
