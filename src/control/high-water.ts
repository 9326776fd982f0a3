import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { changeEntry, type Ledger, parseAs } from '../stores/ledger.ts'
import type { Json } from '../util/json.ts'
import { type Origin, origins, otherOrigin } from '../util/origin.ts'
import type { Ledgers } from './flag-store.ts'
import { times } from './times.ts'

/** Kind of the entries that count up: a store's own, by its name, and how far the other one knows it to have come. */
export const highWaterKind = 'high-water'

const counted = z.int().min(0)

const countIn = (value: Json | undefined): number => parseAs(counted, value) ?? 0

async function read(
  ledger: Ledger,
  origin: Origin,
): Promise<{ readonly count: number; readonly revision: number | null }> {
  const entry = await ledger.get(highWaterKind, origin)
  return { count: countIn(entry?.value), revision: entry?.revision ?? null }
}

/** Makes what a store knows of the other one at least so much. */
const raise = (ledger: Ledger, origin: Origin, to: number): Promise<boolean> =>
  changeEntry(ledger, highWaterKind, origin, (value) => (countIn(value) >= to ? undefined : to))

/**
 * Counts a store up by one, and has the other one know. What was restored meanwhile counts less than the other one knows,
 * also where no gateway was there to see it.
 *
 * @param onLess called before the count goes on from there, so that whoever is cut off in between leaves it to be seen.
 */
export async function raiseHighWater(ledgers: Ledgers, origin: Origin, onLess: () => Promise<void>): Promise<void> {
  const [own, other] = [ledgers[origin], ledgers[otherOrigin(origin)]]
  const [{ count, revision }, { count: known }] = await Promise.all([read(own, origin), read(other, origin)])
  let at = revision
  if (known > count) {
    // Somebody may have counted in between; and a primary that was deposed answers reads, and acknowledges no write
    if (!(await own.compareAndSet(highWaterKind, origin, revision, count))) return
    at = (revision ?? 0) + 1
    await onLess()
  }
  const next = Math.max(known, count) + 1
  if (await own.compareAndSet(highWaterKind, origin, at, next)) await raise(other, origin, next)
}

export interface HighWaterOptions {
  readonly ledgers: Ledgers
  /** A store is not asked while it does not answer. */
  readonly isDown: (origin: Origin) => boolean
  /** A store counts less than it has acknowledged. @throws where that could not be seen to. */
  readonly onLess: (origin: Origin) => Promise<void>
}

/** Counts both stores up for as long as an instance runs, and once more when it ends. */
export class HighWater {
  readonly #options: HighWaterOptions
  readonly #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(options: HighWaterOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = this.#run()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await this.look()
      await sleep(times.highWater, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  /** Never rejects: a store in trouble is told of elsewhere, and counted up later. */
  async look(): Promise<void> {
    const { ledgers, isDown, onLess } = this.#options
    for (const origin of origins)
      if (!origins.some(isDown)) await raiseHighWater(ledgers, origin, () => onLess(origin)).catch(() => undefined)
  }

  /** What was written last is behind the last count. Never rejects. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
    await this.look()
  }
}
