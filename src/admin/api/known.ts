import DataLoader from 'dataloader'
import { type FlagsInForce, flagsInForce } from '../../control/flags-in-force.ts'
import type { Entity } from '../../entity/entity.ts'
import type { TypeEvidence } from '../../evidence/type-evidence.ts'
import { deadLetterKind } from '../../mirror/dead-letters.ts'
import { openCounts } from '../../mirror/kept-conflicts.ts'
import type { Stores } from '../../routing/routing.ts'
import { type Latency, latencies } from '../../shadow/latency.ts'
import type { Silent } from '../../stores/ask-either.ts'
import type { HourVerdicts, VerdictCount } from '../../stores/findings.ts'
import { type Entry, flagKind } from '../../stores/ledger.ts'
import type { Backlog } from '../../stores/store.ts'
import { type Origin, origins } from '../../util/origin.ts'

/** Asks once, for each store, or whatever else it is asked by. */
const once = <K, T>(ask: (by: K) => T): ((by: K) => T) => {
  const asked = new Map<K, T>()
  return (by) => {
    const known = asked.get(by) ?? ask(by)
    asked.set(by, known)
    return known
  }
}

/** What the fields of one request look up in common: asked once, and not before it is selected. */
export class Known {
  readonly #stores: Stores
  /** Of all types. */
  readonly backlogs: (owing: Origin) => Promise<ReadonlyMap<string, Backlog>>
  readonly deadLetters: (owing: Origin) => Promise<readonly Entry[]>
  readonly conflicts: (keeping: Origin) => Promise<ReadonlyMap<string, number>>
  /** Counts of groups by hour, for so many hours: those of a page in one statement. */
  readonly recent: (hours: number) => DataLoader<string, readonly number[]>
  readonly recentVerdicts: (hours: number) => Promise<readonly HourVerdicts[]>
  readonly #evidence = new Map<string, Promise<TypeEvidence>>()
  #flags: Promise<FlagsInForce> | undefined
  #latencies: Promise<Latency[]> | undefined
  #verdicts: Promise<readonly VerdictCount[]> | undefined

  constructor(stores: Stores, entities: readonly Entity[]) {
    this.#stores = stores
    this.backlogs = once((origin) => stores[origin].outbox.backlogs(entities))
    this.deadLetters = once((origin) => stores[origin].ledger.list(deadLetterKind))
    this.conflicts = once((origin) => openCounts(stores[origin]))
    const { findings } = stores.postgres
    this.recentVerdicts = once((hours) => findings.recentVerdicts(hours))
    this.recent = once(
      (hours) =>
        new DataLoader(async (fingerprints) => {
          const counts = await findings.recent(fingerprints, hours)
          return fingerprints.map((each) => counts.get(each)!)
        }),
    )
  }

  flags(): Promise<FlagsInForce> {
    return (this.#flags ??= flagsInForce(this.#stores))
  }

  /** Stores that do not answer: where neither does, each with its own reason. */
  async silent(): Promise<readonly Silent[]> {
    try {
      return (await this.flags()).silent
    } catch {
      const asked = origins.map((origin) =>
        this.#stores[origin].ledger.list(flagKind).then(
          () => [],
          (error: unknown) => [{ origin, error }],
        ),
      )
      return (await Promise.all(asked)).flat()
    }
  }

  /** Looked at once, however often a request selects it: it reads much. */
  evidence(of: string, look: () => Promise<TypeEvidence>): Promise<TypeEvidence> {
    const known = this.#evidence.get(of) ?? look()
    this.#evidence.set(of, known)
    return known
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
