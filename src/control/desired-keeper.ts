import { messageOf } from '../util/errors.ts'
import { origins } from '../util/origin.ts'
import { heldBack, Seldom } from '../util/seldom.ts'
import { changeShares, type Shares } from './change-shares.ts'
import { type Asked, takeDesired } from './desired.ts'
import type { FinishOptions } from './flag-commit.ts'
import { authorityOf } from './flag-store.ts'
import type { FlagWatch } from './flag-watch.ts'

/** Who has it brings what the provider says to the flags: gateways whose copies of that lag would undo one another. */
const claim = 'flag provider'

/** How long it holds without a look, in milliseconds: three looks. */
const claimFactor = 3

export interface DesiredKeeperOptions {
  /** The instance that keeps them. */
  readonly by: string
  readonly types: readonly string[]
  readonly flags: Pick<FlagWatch, 'get' | 'has'>
  readonly change: FinishOptions
  readonly log: (level: 'info' | 'warn', message: string) => void
  /** Between two looks at the provider, in milliseconds. */
  readonly intervalMs: number
}

/** What has changed, in words. */
const whyOf = ({ desired, readPercent, samplePercent }: Shares): string => {
  const shares = { 'reads moved': readPercent, compared: samplePercent }
  const taken = Object.entries(shares).flatMap(([what, share]) => (share === undefined ? [] : [`${share} % ${what}`]))
  return `the provider of flags asks for ${[`stage ${desired?.stage ?? 'unsaid'}`, ...taken].join(', ')}`
}

/**
 * Brings what a provider of flags says into the flags, so that all gateways go by one word and the history has it: one
 * gateway for each store, by a claim that lasts as long as its own provider answers. Stages are only noted.
 */
export class DesiredKeeper {
  readonly #options: DesiredKeeperOptions
  readonly #seldom = new Seldom(60_000)

  constructor(options: DesiredKeeperOptions) {
    this.#options = options
  }

  /** Never rejects. @param isWell the provider answers; or else another gateway's may. */
  async keep(asked: ReadonlyMap<string, Asked>, isWell: boolean): Promise<void> {
    const { by, types, flags, change, log, intervalMs } = this.#options
    for (const origin of origins) {
      const ledger = change.ledgers[origin]
      const own = types.filter((type) => flags.has(type) && authorityOf(flags.get(type)) === origin)
      if (own.length === 0) continue
      try {
        if (!isWell) await ledger.release(claim, by)
        else if (await ledger.claim(claim, by, claimFactor * intervalMs))
          for (const type of own) await this.#keep(type, asked.get(type) ?? {})
      } catch (error) {
        const held = this.#seldom.due(origin)
        if (held !== null)
          log(
            'warn',
            `What the provider of flags says could not be kept in ${origin}: ${messageOf(error)}${heldBack(held)}`,
          )
      }
    }
  }

  async #keep(type: string, asked: Asked): Promise<void> {
    const { by, flags, change, log } = this.#options
    const changed = takeDesired(flags.get(type), asked)
    if (!changed) return
    const why = whyOf(changed)
    // By the flag as it is stored: the one that is known here may be older
    const now = await changeShares(change, type, (flag) => takeDesired(flag, asked), { by, why })
    if (now) log('info', `${type}: ${why}.`)
  }
}
