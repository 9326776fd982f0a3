import { type FlagsInForce, flagsInForce } from '../../control/flags-in-force.ts'
import type { Stores } from '../../routing/routing.ts'
import { type Latency, latencies } from '../../shadow/latency.ts'
import type { VerdictCount } from '../../stores/findings.ts'

/** What the fields of one request look up in common: asked once, and not before it is selected. */
export class Known {
  readonly #stores: Stores
  #flags: Promise<FlagsInForce> | undefined
  #latencies: Promise<Latency[]> | undefined
  #verdicts: Promise<readonly VerdictCount[]> | undefined

  constructor(stores: Stores) {
    this.#stores = stores
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
