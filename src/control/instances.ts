import { z } from 'zod'
import { type Entry, type Ledger, parseAs } from '../stores/ledger.ts'
import { origins } from '../util/origin.ts'
import type { Ledgers } from './flag-store.ts'
import { times } from './times.ts'

const kind = 'instance'

/** One gateway, as both stores know it. */
export interface Instance {
  readonly id: string
  /** Its last sign of life, in milliseconds since 1970 by its own clock. */
  readonly seen: number
  /** The flag revision that it acknowledges, by type: what it began under an earlier one has ended. */
  readonly acknowledged: Readonly<Record<string, number>>
}

/**
 * How the ledger keeps an instance. What is acknowledged has an older name there: gateways and movers of different
 * versions read each other's entries while a deployment rolls. An older mover fails where the name is missing, and a
 * newer one would wait in vain for older gateways.
 */
interface Stored {
  readonly seen: number
  readonly settled: Instance['acknowledged']
}

/** One that does not tell what it acknowledges has acknowledged nothing: a mover waits for it, and names it. */
const form: z.ZodType<Stored> = z.object({
  seen: z.number(),
  settled: z.record(z.string(), z.number()).catch({}),
})

/** Registers or renews an instance in one store. */
export async function announce(ledger: Ledger, { id, seen, acknowledged }: Instance): Promise<void> {
  const entry = await ledger.get(kind, id)
  const stored: Stored = { seen, settled: acknowledged }
  await ledger.compareAndSet(kind, id, entry?.revision ?? null, { id, ...stored })
}

/** None for an entry that does not tell when its gateway was seen: no gateway renews it. */
function fromStored({ key, value }: Entry): Instance[] {
  const stored = parseAs(form, value)
  return stored ? [{ id: key, seen: stored.seen, acknowledged: stored.settled }] : []
}

export async function withdraw(ledgers: Ledgers, id: string): Promise<void> {
  await Promise.allSettled(origins.map((origin) => ledgers[origin].remove(kind, id)))
}

/** Instances that were seen lately. */
export async function liveInstances(ledger: Ledger, now = Date.now()): Promise<Instance[]> {
  const entries = await ledger.list(kind)
  return entries.flatMap(fromStored).filter(({ seen }) => now - seen < times.gone)
}
