import { CrossfadeError } from '../util/errors.ts'
import { type Origin, origins } from '../util/origin.ts'
import { tooNew } from './format.ts'

/**
 * What is known of the formats that the stores keep their bookkeeping in. They are only ever raised, so that one that is
 * too new stays so for as long as this process lives, whatever an old server may answer later.
 */
export class FormatWatch {
  readonly #log: (level: 'warn', message: string) => void
  readonly #problems = new Map<Origin, string>()

  constructor(log: (level: 'warn', message: string) => void) {
    this.#log = log
  }

  learn(origin: Origin, found: number): void {
    const problem = tooNew(origin, found)
    if (!problem || this.#problems.has(origin)) return
    this.#problems.set(origin, problem)
    this.#log('warn', problem)
  }

  /** What stands against any write, in either store: for operators, in the order of the stores. */
  get problems(): readonly string[] {
    return origins.flatMap((origin) => this.#problems.get(origin) ?? [])
  }

  /** @throws TRY_AGAIN once a store is too new: whoever asks again may meet a gateway of the newer version. */
  check(): void {
    if (this.#problems.size === 0) return
    const text =
      'This gateway is older than the bookkeeping of the data stores, and writes nothing any more; try again.'
    throw new CrossfadeError('TRY_AGAIN', text, { cause: new Error(this.problems.join('\n')) })
  }
}
