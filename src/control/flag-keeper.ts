import { messageOf } from '../util/errors.ts'
import { otherOrigin } from '../util/origin.ts'
import { Seldom } from '../util/seldom.ts'
import type { Flag } from './flag.ts'
import type { FinishOptions } from './flag-commit.ts'
import { authorityOf, raiseFlag } from './flag-store.ts'
import type { FlagWatch } from './flag-watch.ts'
import { lostFlag } from './lost-flag.ts'
import { finishMove } from './move.ts'
import { times } from './times.ts'

const intervalMs = 5_000

interface Seen {
  readonly flag: Flag
  /** By the monotonic clock, in milliseconds. */
  readonly since: number
}

/**
 * Sees to what a command leaves behind that has died: a type that stays between two stages, whose writes are held, and a
 * copy of a flag that was never told. A copy of the store that has authority is left alone: one that is behind was
 * restored or lost, and what it lacks is for people to look at: they are told.
 */
export class FlagKeeper {
  readonly #types: readonly string[]
  readonly #flags: FlagWatch
  readonly #options: FinishOptions
  readonly #seen = new Map<string, Seen>()
  readonly #seldom = new Seldom(60_000)
  #timer: NodeJS.Timeout | undefined
  #look: Promise<void> = Promise.resolve()

  constructor(types: readonly string[], flags: FlagWatch, options: FinishOptions) {
    this.#types = types
    this.#flags = flags
    this.#options = options
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#look = this.look().finally(() => {
        if (this.#timer) this.start()
      })
    }, intervalMs).unref()
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#look
  }

  /** Never rejects. */
  async look(): Promise<void> {
    for (const type of this.#types) {
      if (!this.#flags.has(type)) continue
      const flag = this.#flags.get(type)
      const seen = this.#seen.get(type)
      if (seen?.flag.revision !== flag.revision || seen.flag.epoch !== flag.epoch)
        this.#seen.set(type, { flag, since: performance.now() })
      else await this.#keep(seen)
    }
  }

  async #keep({ flag, since }: Seen): Promise<void> {
    const { ledgers, log } = this.#options
    try {
      if (flag.state === 'steady') {
        const home = authorityOf(flag)
        const other = otherOrigin(home)
        if (this.#flags.isBehind(home, flag) && this.#seldom.due(flag.type) !== null) log(lostFlag(flag))
        if (this.#flags.isBehind(other, flag)) await raiseFlag(ledgers[other], flag)
      } else if (performance.now() - since > times.unfinished) await finishMove(this.#options, flag.type)
    } catch (error) {
      log(`${flag.type}: what a command left behind could not be ended yet: ${messageOf(error)}`)
    }
  }
}
