import { type FlagsInForce, flagsInForce } from '../../control/flags-in-force.ts'
import type { Entity } from '../../entity/entity.ts'
import { deadLetterKind } from '../../mirror/dead-letters.ts'
import { type ConflictLog, readConflicts } from '../../mirror/kept-conflicts.ts'
import type { Stores } from '../../routing/routing.ts'
import { type Latency, latencies } from '../../shadow/latency.ts'
import type { VerdictCount } from '../../stores/findings.ts'
import type { Entry } from '../../stores/ledger.ts'
import type { Backlog } from '../../stores/store.ts'
import type { Origin } from '../../util/origin.ts'

/** Asks once, for each store. */
const once = <T>(ask: (origin: Origin) => Promise<T>): ((origin: Origin) => Promise<T>) => {
  const asked = new Map<Origin, Promise<T>>()
  return (origin) => {
    const known = asked.get(origin) ?? ask(origin)
    asked.set(origin, known)
    return known
  }
}

/** What the fields of one request look up in common: asked once, and not before it is selected. */
export class Known {
  readonly #stores: Stores
  /** Of all types. */
  readonly backlogs: (owing: Origin) => Promise<ReadonlyMap<string, Backlog>>
  readonly deadLetters: (owing: Origin) => Promise<readonly Entry[]>
  readonly conflicts: (keeping: Origin) => Promise<ConflictLog>
  #flags: Promise<FlagsInForce> | undefined
  #latencies: Promise<Latency[]> | undefined
  #verdicts: Promise<readonly VerdictCount[]> | undefined

  constructor(stores: Stores, entities: readonly Entity[]) {
    this.#stores = stores
    this.backlogs = once((origin) => stores[origin].outbox.backlogs(entities))
    this.deadLetters = once((origin) => stores[origin].ledger.list(deadLetterKind))
    this.conflicts = once((origin) => readConflicts(stores[origin]))
  }

  flags(): Promise<FlagsInForce> {
    return (this.#flags ??= flagsInForce(this.#stores))
  }

  latencies(): Promise<Latency[]> {
    const { findings } = this.#stores.postgres
    return (this.#latencies ??= Promise.all([findings.timings(), findings.failures()]).then(([timings, failures]) =>
      latencies(timings, failures, 'type'),
    ))
  }

  verdicts(): Promise<readonly VerdictCount[]> {
    return (this.#verdicts ??= this.#stores.postgres.findings.verdicts())
  }
}
