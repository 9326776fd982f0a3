import type { Flag } from '../control/flag.ts'
import type { FlagWatch } from '../control/flag-watch.ts'
import { CrossfadeError } from '../util/errors.ts'

/** How long a write is held while authority moves, in milliseconds, and how many wait at most. */
const holdMs = 15_000
const maxHeld = 1_000

/** The right to write one type under one flag, until it is given back. */
export interface Permit {
  readonly flag: Flag
  done(): void
}

/**
 * Lets writes of a type begin while its flag is steady, and knows when all writes of an earlier flag have ended: that is
 * what a mover waits for.
 */
export class Permits {
  readonly #flags: FlagWatch
  readonly #underWay = new Map<string, Map<number, number>>()
  #held = 0

  constructor(flags: FlagWatch) {
    this.#flags = flags
  }

  /** Waits, bounded, while the type's writes are held. @throws TRY_AGAIN past the bounds. */
  async take(type: string): Promise<Permit> {
    const flag = this.#flags.forWrite(type) ?? (await this.#wait(type))
    const counts = this.#underWay.get(type) ?? new Map<number, number>()
    this.#underWay.set(type, counts)
    counts.set(flag.revision, (counts.get(flag.revision) ?? 0) + 1)
    let open = true
    const done = (): void => {
      if (!open) return
      open = false
      const left = counts.get(flag.revision)! - 1
      if (left > 0) counts.set(flag.revision, left)
      else counts.delete(flag.revision)
    }
    return { flag, done }
  }

  async #wait(type: string): Promise<Flag> {
    const deadline = Date.now() + holdMs
    if (this.#held >= maxHeld) throw new CrossfadeError('TRY_AGAIN', `Too many writes of ${type} wait; try again.`)
    this.#held++
    try {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 50))
        const flag = this.#flags.forWrite(type)
        if (flag) return flag
        if (Date.now() > deadline) {
          throw new CrossfadeError('TRY_AGAIN', `${type} cannot be written at the moment; try again.`)
        }
      }
    } finally {
      this.#held--
    }
  }

  /** The flag revision of the type that this gateway acknowledges: every write under an earlier one has ended. */
  acknowledged(type: string): number {
    const present = this.#flags.get(type).revision
    const open = [...(this.#underWay.get(type)?.keys() ?? [])].filter((revision) => revision < present)
    return open.length > 0 ? Math.min(...open) : present
  }
}
