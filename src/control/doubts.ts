import { setTimeout as sleep } from 'node:timers/promises'
import { STAGE_PLAN } from '../stage/stage.ts'
import { messageOf } from '../util/errors.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { heldBack, Seldom } from '../util/seldom.ts'
import type { Flag } from './flag.ts'
import { note } from './flag-history.ts'
import { authorityOf, type Ledgers, raiseFlag, readCopies, writeFlag } from './flag-store.ts'

/** Between two tries, in milliseconds. */
const againMs = 1_000

const lineageKind = 'lineage'

/**
 * A store may have lost what it had: its mirror, or what it mirrors, is not taken for equal any more. Under a new epoch, so
 * that no copy that has begun earlier makes it fresh.
 *
 * @param key of the flag.
 * @returns false while authority moves: whoever moves it ends that first.
 */
export async function doubt(ledgers: Ledgers, key: string, why: string): Promise<boolean> {
  for (;;) {
    const { copies, flag } = await readCopies(ledgers, key)
    // Types whose flag is retired go by another one
    if (flag === null || flag.state === 'retired' || STAGE_PLAN[flag.stage].mirror === null) return true
    if (flag.state !== 'steady') return false
    const home = authorityOf(flag)
    // One that has lost its flag as well grants no writes, and is for people to look at
    if (copies[home]?.flag.revision !== flag.revision) return true
    const next: Flag = { ...flag, epoch: flag.epoch + 1, fresh: null, copied: [], revision: flag.revision + 1 }
    if (!(await writeFlag(ledgers[home], copies[home], next))) continue
    await note({ ledgers, log: () => undefined }, flag, next, { why })
    await raiseFlag(ledgers[otherOrigin(home)], next)
    return true
  }
}

export interface DoubtsOptions {
  /** The types of each flag, by its key. */
  readonly members: ReadonlyMap<string, readonly string[]>
  readonly ledgers: Ledgers
  /** See `Store`. */
  readonly lineage: (origin: Origin) => Promise<string | null>
  readonly log: (level: 'warn', message: string) => void
}

/** Sees that a store has gone on from an earlier state than the one that was known, and what is lost by it. */
export class Doubts {
  readonly #options: DoubtsOptions
  readonly #seldom = new Seldom(60_000)
  readonly #stopping = new AbortController()

  constructor(options: DoubtsOptions) {
    this.#options = options
  }

  stop(): void {
    this.#stopping.abort()
  }

  /** Repeats until it is done. @throws only once this instance stops. */
  async #patiently<T>(work: () => Promise<T | false>, what: string): Promise<T> {
    const { signal } = this.#stopping
    for (;;) {
      signal.throwIfAborted()
      try {
        const done = await work()
        if (done !== false) return done
      } catch (error) {
        const held = this.#seldom.due(what)
        if (held !== null) this.#options.log('warn', `${what}: ${messageOf(error)}${heldBack(held)}`)
      }
      await sleep(againMs, undefined, { signal, ref: false })
    }
  }

  /** Resolves once no store takes the mirror for equal. @param key of the flag. @throws once this instance stops. */
  async doubt(key: string, why: string): Promise<void> {
    const { ledgers, log, members } = this.#options
    const types = (members.get(key) ?? [key]).join(' ')
    const remedy = `Run \`crossfade verify ${types}\`, and \`crossfade backfill ${types}\` where it differs`
    log('warn', `${key}: ${why}. Both stores are not taken for equal until then. ${remedy}.`)
    await this.#patiently(() => doubt(ledgers, key, why), `${key}: its flag cannot say yet that its stores may differ`)
  }

  /** A store knows less than it has acknowledged. @throws once this instance stops, where that was not seen to. */
  async wentBack(origin: Origin): Promise<void> {
    const why = `${origin} has gone on from an earlier state, and may have lost what it had acknowledged`
    await Promise.all([...this.#options.members.keys()].map((key) => this.doubt(key, why)))
  }

  /** A store answers, for the first time or again. Never rejects. */
  async answers(origin: Origin): Promise<void> {
    const { lineage, ledgers } = this.#options
    const look = async (): Promise<boolean> => {
      const [now, entry] = await Promise.all([lineage(origin), ledgers[origin].get(lineageKind, origin)])
      if (now === null || entry?.value === now) return true
      if (entry) await this.wentBack(origin)
      return ledgers[origin].compareAndSet(lineageKind, origin, entry?.revision ?? null, now)
    }
    await this.#patiently(look, `${origin}: whether it was restored is not known yet`).catch(() => undefined)
  }
}
