import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Stage } from '../stage/stage.ts'
import { type Entry, type Ledger, parseAs } from '../stores/ledger.ts'
import { awaitWithin } from '../util/await-within.ts'
import { CrossfadeError } from '../util/errors.ts'
import { otherOrigin } from '../util/origin.ts'
import type { Flag } from './flag.ts'
import { current, type FinishOptions, patienceOf, patiently } from './flag-commit.ts'
import { authorityOf } from './flag-store.ts'
import { times } from './times.ts'

/** Kind of the entries that say who changes a flag, by its key, kept beside the flag. */
export const moverKind = 'mover'

interface Mover {
  readonly id: string
  readonly who: string
  /** What it changes the flag to; null where that is no stage. */
  readonly to: Stage | null
  /** By its own clock. */
  readonly since: string
}

const form = z.object({ id: z.string(), who: z.string(), to: z.string().nullable(), since: z.string() })

const told = (type: string, entry: Entry): string => {
  const mover = parseAs(form, entry.value)
  if (!mover) return `${type} is being changed by somebody else`
  const { who, to, since } = mover
  return `${type} is being ${to === null ? 'changed' : `moved to ${to}`} by ${who} since ${since}`
}

/** Until the new authority knows of the hand-over, the old one has the flag, and the word of who is at it. */
const homeOf = (flag: Flag): ReturnType<typeof authorityOf> =>
  flag.state === 'handed' ? otherOrigin(authorityOf(flag)) : authorityOf(flag)

/** So many looks in which a mover gives no sign of life, and the store answers, make it a dead one. */
const deadLooks = Math.ceil(times.lease / times.moverLook)

/** Our entry in a store. */
class Sign {
  readonly #ledger: Ledger
  readonly #type: string
  readonly #mover: Mover
  #revision: number
  readonly #ending = new AbortController()
  readonly #giving: Promise<void>

  constructor(ledger: Ledger, type: string, mover: Mover, revision: number) {
    this.#ledger = ledger
    this.#type = type
    this.#mover = mover
    this.#revision = revision
    this.#giving = this.#give()
  }

  /** False once somebody else is the mover: the compare-and-sets of the flag decide then. */
  async #renew(): Promise<boolean> {
    const written = await this.#ledger.compareAndSet(moverKind, this.#type, this.#revision, { ...this.#mover })
    if (written) this.#revision += 1
    if (written) return true
    const entry = await this.#ledger.get(moverKind, this.#type) // its answer may have been lost
    if (!entry || parseAs(form, entry.value)?.id !== this.#mover.id) return false
    this.#revision = entry.revision
    return true
  }

  async #give(): Promise<void> {
    const { signal } = this.#ending
    for (let isOurs = true; isOurs; ) {
      await sleep(times.moverSign, undefined, { signal, ref: false }).catch(() => undefined)
      if (signal.aborted) return
      isOurs = await this.#renew().catch(() => true)
    }
  }

  /** Never rejects: what stays behind counts as dead soon. */
  async end(): Promise<void> {
    this.#ending.abort()
    const removed = this.#giving.then(() => this.#ledger.remove(moverKind, this.#type, this.#revision))
    await awaitWithin(
      removed.catch(() => undefined),
      times.controlCall,
    )
  }
}

/** @throws TRY_AGAIN where somebody else is still at it. */
async function begin(options: FinishOptions, type: string, to: Stage | null, beside: string): Promise<Sign> {
  const { ledgers, log } = options
  const patience = patienceOf(options)
  const mover: Mover = {
    id: randomUUID(),
    who: `process ${process.pid} on ${hostname()}`,
    to,
    since: new Date().toISOString(),
  }
  let seen: Entry | null = null
  let looks = 0
  for (let waits = false; ; await sleep(times.moverLook)) {
    const ledger = ledgers[homeOf(await current(ledgers, patience, beside))]
    const entry = await patiently(patience, () => ledger.get(moverKind, type))
    // Ours already where the answer to our first one was lost
    if (entry && parseAs(form, entry.value)?.id === mover.id) return new Sign(ledger, type, mover, entry.revision)
    // Counted, and not timed: while a store answers nobody, its mover can give no sign either
    looks = entry && entry.revision === seen?.revision ? looks + 1 : 0
    seen = entry
    if (entry && looks < deadLooks) {
      const text = told(type, entry)
      if (performance.now() > patience.until)
        throw new CrossfadeError('TRY_AGAIN', `${text}, and nothing was changed. Try again when that has ended.`)
      if (!waits) log(`${text}; waiting for it to end`)
      waits = true
      continue
    }
    const was = entry?.revision ?? null
    const taken = () => ledger.compareAndSet(moverKind, type, was, { ...mover })
    if (await taken().catch((error: unknown) => !patience.isTrouble(error) && Promise.reject(error)))
      return new Sign(ledger, type, mover, (was ?? 0) + 1)
  }
}

/**
 * Changes a flag as the only one who does: whoever else is about to waits until this has ended, or dies. It decides
 * nothing: the compare-and-sets of the flag do, where a mover was paused and taken for dead.
 *
 * @param type key of the flag.
 * @param to told to those who wait; null where no stage changes.
 * @param beside key of another flag, in whose store it is kept who is at it: this one may not be there yet.
 * @throws TRY_AGAIN where somebody else is at it for longer than the patience.
 */
export async function asMover<T>(
  options: FinishOptions,
  type: string,
  to: Stage | null,
  work: () => Promise<T>,
  beside: string = type,
): Promise<T> {
  const sign = await begin(options, type, to, beside)
  try {
    return await work()
  } finally {
    await sign.end()
  }
}
