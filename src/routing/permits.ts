import type { Flag } from '../control/flag.ts'
import { authorityOf } from '../control/flag-store.ts'
import type { FlagWatch } from '../control/flag-watch.ts'
import { times } from '../control/times.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Origin } from '../util/origin.ts'
import { until } from '../util/until.ts'

/** Writes that wait at most, while authority moves or its store takes none. */
const maxHeld = 1_000

/** The right to write the types of one flag, until it is given back. */
export interface Permit {
  readonly flag: Flag
  /** Whether the write may begin another step: only while the instance's lease holds, since movers count on it. */
  mayGoOn(): boolean
  done(): void
}

/** For how long a write waits for its turn at most. */
export interface Wait {
  /** Ends the wait; nothing begins for a request that has ended: its client may look, and repeat it. */
  readonly signal?: AbortSignal | undefined
  /** By the monotonic clock, in milliseconds: what began later could not end in its request's time. */
  readonly beginBy?: number | undefined
}

/**
 * Lets writes of a type begin while its flag is steady, and knows when all writes of an earlier flag have ended: that is
 * what a mover waits for.
 */
export class Permits {
  readonly #flags: FlagWatch
  readonly #takesWrites: (origin: Origin) => boolean
  readonly #underWay = new Map<string, Map<number, number>>()
  #held = 0
  #closed = false

  /** @param takesWrites whether a store has answered for a while, and has a server that takes writes. */
  constructor(flags: FlagWatch, takesWrites: (origin: Origin) => boolean) {
    this.#flags = flags
    this.#takesWrites = takesWrites
  }

  /**
   * Waits, bounded, while the type's writes are held, or its store takes none: before the write begins, nothing is lost.
   * One that began might have to be told UNKNOWN_OUTCOME.
   *
   * @throws TRY_AGAIN past the bounds, and once the gateway stops.
   */
  async take(type: string, wait: Wait = {}): Promise<Permit> {
    const flag = (wait.signal?.aborted ? null : this.#grantable(type)) ?? (await this.#wait(type, wait))
    const { type: key } = flag
    const counts = this.#underWay.get(key) ?? new Map<number, number>()
    this.#underWay.set(key, counts)
    counts.set(flag.revision, (counts.get(flag.revision) ?? 0) + 1)
    let open = true
    const done = (): void => {
      if (!open) return
      open = false
      const left = counts.get(flag.revision)! - 1
      if (left > 0) return void counts.set(flag.revision, left)
      counts.delete(flag.revision)
      // A mover waits for it
      if (flag.revision < this.#flags.revisionOf(key)) void this.#flags.acknowledge()
    }
    return { flag, mayGoOn: () => this.#flags.mayGoOn(flag), done }
  }

  #grantable(type: string): Flag | null {
    if (this.#closed) return null
    const flag = this.#flags.forWrite(type)
    return flag && this.#takesWrites(authorityOf(flag)) ? flag : null
  }

  async #wait(type: string, { signal, beginBy = Number.POSITIVE_INFINITY }: Wait): Promise<Flag> {
    if (this.#held >= maxHeld) throw new CrossfadeError('TRY_AGAIN', `Too many writes of ${type} wait; try again.`)
    this.#held++
    try {
      const waitMs = Math.min(times.request, beginBy - performance.now())
      const found = await until(() => this.#closed || this.#grantable(type), waitMs, signal)
      if (found && found !== true && performance.now() <= beginBy) return found
    } finally {
      this.#held--
    }
    throw new CrossfadeError('TRY_AGAIN', `${type} cannot be written at the moment; try again.`)
  }

  /** Lets no more writes begin: movers will not wait for them. */
  close(): void {
    this.#closed = true
  }

  /** Whether no write is under way. */
  get isIdle(): boolean {
    return [...this.#underWay.values()].every((counts) => counts.size === 0)
  }

  /** The revision of a flag, by its key, that this gateway acknowledges: every write under an earlier one has ended. */
  acknowledged(key: string): number {
    const present = this.#flags.revisionOf(key)
    const open = [...(this.#underWay.get(key)?.keys() ?? [])].filter((revision) => revision < present)
    return open.length > 0 ? Math.min(...open) : present
  }
}
