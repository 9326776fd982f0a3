import { setTimeout as sleep } from 'node:timers/promises'
import { equalJson } from '../compare/equal-json.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import type { Ledger } from '../stores/ledger.ts'
import { CrossfadeError } from '../util/errors.ts'
import { type Origin, origins } from '../util/origin.ts'
import { type Flag, flagJson } from './flag.ts'
import {
  authorityOf,
  type Ledgers,
  newer,
  noFlag,
  raiseFlag,
  readFlag,
  type StoredFlag,
  writeFlag,
} from './flag-store.ts'
import { isOlder, lostFlag } from './lost-flag.ts'
import { times } from './times.ts'

/** Between two tries, in milliseconds: writes may be held meanwhile. */
const pauseMs = 10

export interface FinishOptions {
  readonly ledgers: Ledgers
  /** See `Patience`; default: an error of a store ends the change. */
  readonly isTrouble?: Patience['isTrouble']
  readonly log: (message: string) => void
  /** How long stores may be in trouble, instances take to acknowledge and the sweep to drain, in milliseconds; default: see `times`. */
  readonly patienceMs?: number
}

/** How long whoever changes a flag puts up with a store that cannot be asked. */
export interface Patience {
  /** True for errors that tell of the store and not of what was asked: an election, say. */
  readonly isTrouble: (error: unknown) => boolean
  /** By the monotonic clock, in milliseconds. */
  readonly until: number
}

export const patienceOf = ({ isTrouble = () => false, patienceMs = times.move }: FinishOptions): Patience => ({
  isTrouble,
  until: performance.now() + patienceMs,
})

/** Repeats what a store in trouble did not do. It must not matter whether it was done already. @throws the last error. */
export async function patiently<T>({ isTrouble, until }: Patience, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isTrouble(error) || performance.now() > until) throw error
    }
    await sleep(pauseMs)
  }
}

/** Repeats until it is true. False where the time is over first, and the store was in no trouble. */
export async function eventually(patience: Patience, work: () => Promise<boolean>): Promise<boolean> {
  for (;;) {
    if (await patiently(patience, work)) return true
    if (performance.now() > patience.until) return false
    await sleep(pauseMs)
  }
}

/**
 * The copy in force. A store that does not answer is waited for, unless the other one's own copy says that it has
 * authority: nobody takes that away elsewhere.
 */
export function current(ledgers: Ledgers, patience: Patience, type: string): Promise<Flag> {
  return patiently(patience, async () => {
    const read = await Promise.allSettled(origins.map((origin) => readFlag(ledgers[origin], type)))
    const copies = read.map((each) => (each.status === 'fulfilled' ? each.value : null))
    const flag = copies.map((copy) => copy?.flag ?? null).reduce(newer)
    const silent = read.find((each) => each.status === 'rejected')
    const own = flag && copies[origins.indexOf(authorityOf(flag))]?.flag
    if (silent && !(own && own.revision === flag.revision)) throw silent.reason
    if (flag) return flag
    throw noFlag(type)
  })
}

/**
 * Compare-and-set in the store that has authority: the only commit point of a change. Where an answer is lost, the flag
 * tells whether the change arrived.
 *
 * @throws CONFLICT where somebody else changed it, or the store has lost it.
 */
export const commit = (ledgers: Ledgers, patience: Patience, was: Flag, next: Flag): Promise<void> =>
  commitIn(ledgers[authorityOf(was)], patience, was, next)

/** The same in the given store. @param was that store's copy; null where it has none. */
export async function commitIn(ledger: Ledger, patience: Patience, was: Flag | null, next: Flag): Promise<void> {
  await patiently(patience, async () => {
    const copy: StoredFlag | null = await readFlag(ledger, next.type)
    if (copy && equalJson(flagJson(copy.flag), flagJson(next))) return
    if (was && isOlder(copy?.flag ?? null, was)) throw new CrossfadeError('CONFLICT', lostFlag(was))
    const same = copy?.flag.epoch === was?.epoch && copy?.flag.revision === was?.revision
    if (!same || !(await writeFlag(ledger, copy, next)))
      throw new CrossfadeError('CONFLICT', `The flag of ${next.type} was changed by someone else; look and try again.`)
  })
}

/** Tells a store of a change. @throws where it does not answer, and the stage needs both stores. */
export async function tell(ledgers: Ledgers, patience: Patience, origin: Origin, flag: Flag): Promise<void> {
  // A type that is off or complete does not need the other store at all
  const needed = STAGE_PLAN[flag.stage].mirror !== null
  const until = needed ? patience.until : performance.now()
  await patiently({ ...patience, until }, () => raiseFlag(ledgers[origin], flag)).catch((error: unknown) => {
    if (needed || !patience.isTrouble(error)) throw error
  })
}
