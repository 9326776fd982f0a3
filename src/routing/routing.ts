import type { FlagWatch } from '../control/flag-watch.ts'
import type { KillSwitch } from '../control/kill-switch.ts'
import type { Entity } from '../entity/entity.ts'
import type { Mirror } from '../mirror/mirror.ts'
import type { Sweeper } from '../mirror/sweeper.ts'
import type { Shadow } from '../shadow/shadow.ts'
import type { MongoSource, MongoStore } from '../stores/mongo/mongo-store.ts'
import type { PostgresSource, PostgresStore } from '../stores/postgres/postgres-store.ts'
import type { Origin } from '../util/origin.ts'
import type { Admitted } from './admitted.ts'
import type { ErrorBudgets } from './error-budgets.ts'
import type { FailOvers } from './fail-overs.ts'
import type { Meter } from './meter.ts'
import type { Permits } from './permits.ts'
import type { ReadBreakers } from './read-breakers.ts'
import type { ReadLimits } from './read-limits.ts'
import type { RecentWrites } from './recent-writes.ts'

export interface Stores {
  readonly mongo: MongoStore
  readonly postgres: PostgresStore
}

/** Where routing has a read asked: a store, or its candidate connections. Its origin tells which `side` it has. */
export type ReadSource = MongoSource | PostgresSource

/** What routing works with; one a gateway. */
export interface Routing {
  readonly stores: Stores
  readonly entities: readonly Entity[]
  readonly flags: FlagWatch
  readonly killSwitch: Pick<KillSwitch, 'isOn' | 'stop' | 'learn' | 'namesByStores'>
  readonly shadow: Shadow
  readonly mirror: Mirror
  readonly sweeper: Sweeper
  readonly permits: Permits
  readonly failOvers: FailOvers
  readonly breakers: ReadBreakers
  readonly errorBudgets: ErrorBudgets
  readonly recentWrites: RecentWrites
  /** What clients ask of each store at the moment. */
  readonly readsUnderWay: Record<Origin, Admitted>
  readonly limits: ReadLimits
  /** Default: nothing is measured. */
  readonly meter?: Meter | undefined
  readonly log: (level: 'info' | 'warn', message: string, fields?: object) => void
}
