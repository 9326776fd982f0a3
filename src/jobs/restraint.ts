import type { Origin } from '../util/origin.ts'
import type { Pace } from './paced.ts'
import { StrainWatch, type Watched } from './strain-watch.ts'

/** Between two looks at how the stores are doing. */
const lookMs = 1_000

export interface RestraintOptions extends Watched {
  readonly log?: ((line: string) => void) | undefined
}

/** Has a job go slowly where others suffer from it, and tells why. */
export class Restraint {
  readonly #options: RestraintOptions
  readonly #pace: Pace
  readonly #strains: StrainWatch
  #strained: string | null = null
  #reason: string | null = null
  #looked = performance.now()

  /** @param from the store that the job copies from, whose debts count; null: none. */
  constructor(options: RestraintOptions, from: Origin | null, pace: Pace) {
    this.#options = options
    this.#pace = pace
    this.#strains = new StrainWatch(options, from)
  }

  /** Why the job goes slowly, as it was told last; null where it does not. */
  get reason(): string | null {
    return this.#reason
  }

  /** Looks at the stores, and tells what they suffer from each time that it is something else. Never rejects. */
  async look(): Promise<void> {
    const { entity, log } = this.#options
    const strain = await this.#strains.look()
    this.#pace.strain(strain !== null)
    if ((strain?.kind ?? null) === this.#strained) return
    this.#strained = strain?.kind ?? null
    this.#reason = strain?.text ?? null
    log?.(`${entity.name}: ${strain ? `it goes slowly, since ${strain.text}` : 'it goes on as before'}`)
  }

  /** For a job that watches nothing beside its work: looks from time to time, and waits until so many records are due. */
  async pass(records: number, signal: AbortSignal | undefined): Promise<void> {
    if (performance.now() - this.#looked > lookMs) {
      await this.look()
      this.#looked = performance.now()
    }
    this.#pace.given(records)
    await this.#pace.turn(signal)
  }
}
