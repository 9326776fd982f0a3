import type { Flag } from '../control/flag.ts'
import type { Entity } from '../entity/entity.ts'
import type { AskedOrder } from '../query/order.ts'
import type { ContractField } from '../shadow/field-coverage.ts'
import type { Stage } from '../stage/stage.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import type { GateSettings } from './settings.ts'

/** What a change of stage may ask about a type; what each of them wants is told in docs/evidence.md. */
export type GateName =
  | 'schema'
  | 'copied'
  | 'verified'
  | 'compared'
  | 'covered'
  | 'latency'
  | 'indexes'
  | 'issues'
  | 'mirrored'
  | 'signed'

/** The type that is looked at, and by what. */
export interface Subject {
  readonly stores: { readonly mongo: MongoStore; readonly postgres: PostgresStore }
  readonly entity: Entity
  /** In force; of a group it stands for all of its types. */
  readonly flag: Flag
  /** Those that the contract can ask the type's records in. */
  readonly orders: readonly AskedOrder[]
  /** Those of the contract that show what is mapped. */
  readonly fields: readonly ContractField[]
  readonly settings: GateSettings
}

/** What a gate has seen. */
export interface Look {
  readonly met: boolean
  /** What was measured, or what is missing; a clause without its full stop. */
  readonly found: string
  /** What to do, where it is not met. */
  readonly remedy?: string
}

/**
 * Looks at what is kept of a type, or at the stores themselves. Null where the settings ask for nothing.
 *
 * @param to the stage that is asked for.
 */
export type Gate = (subject: Subject, to: Stage) => Promise<Look | null>
