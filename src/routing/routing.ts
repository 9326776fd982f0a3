import type { FlagWatch } from '../control/flag-watch.ts'
import type { KillSwitch } from '../control/kill-switch.ts'
import type { Entity } from '../entity/entity.ts'
import type { Mirror } from '../mirror/mirror.ts'
import type { Sweeper } from '../mirror/sweeper.ts'
import type { Shadow } from '../shadow/shadow.ts'
import type { MongoSource, MongoStore } from '../stores/mongo/mongo-store.ts'
import type { PostgresSource, PostgresStore } from '../stores/postgres/postgres-store.ts'
import type { Permits } from './permits.ts'

export interface Stores {
  readonly mongo: MongoStore
  readonly postgres: PostgresStore
}

/** Where routing has a read asked: a store, or its candidate connections. Its origin tells which `side` it has. */
export type ReadSource = MongoSource | PostgresSource

/** What the reads of one request may ask of the stores. */
export interface ReadLimits {
  readonly statements: number
  /** Records, or other members of what a read returns. */
  readonly records: number
  /** Characters of a text, and members of a list, in arguments of `routed` fields. */
  readonly textLength: number
}

/** What routing works with; one a gateway. */
export interface Routing {
  readonly stores: Stores
  readonly entities: readonly Entity[]
  readonly flags: FlagWatch
  readonly killSwitch: KillSwitch
  readonly shadow: Shadow
  readonly mirror: Mirror
  readonly sweeper: Sweeper
  readonly permits: Permits
  readonly limits: ReadLimits
  readonly log: (level: 'info' | 'warn', message: string, fields?: object) => void
}
