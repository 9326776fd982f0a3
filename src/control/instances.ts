import type { Ledger } from '../stores/ledger.ts'
import type { Json } from '../util/json.ts'
import { origins } from '../util/origin.ts'
import type { Ledgers } from './flag-store.ts'

const kind = 'instance'

/** How long after its last sign of life an instance counts as gone, in milliseconds. */
export const goneAfterMs = 10_000

/** One gateway, as both stores know it: the flag revisions under which all of its earlier writes are settled. */
export interface Instance {
  readonly id: string
  readonly seen: number
  readonly settled: Readonly<Record<string, number>>
}

async function put(ledger: Ledger, instance: Instance): Promise<void> {
  const entry = await ledger.get(kind, instance.id)
  await ledger.compareAndSet(kind, instance.id, entry?.revision ?? null, { ...instance } as unknown as Json)
}

/** Registers or renews an instance in every store that answers. */
export async function announce(ledgers: Ledgers, instance: Instance): Promise<void> {
  await Promise.allSettled(origins.map((origin) => put(ledgers[origin], instance)))
}

export async function withdraw(ledgers: Ledgers, id: string): Promise<void> {
  await Promise.allSettled(origins.map((origin) => ledgers[origin].remove(kind, id)))
}

/** Instances that were seen lately. */
export async function liveInstances(ledger: Ledger, now = Date.now()): Promise<Instance[]> {
  const entries = await ledger.list(kind)
  return entries.map(({ value }) => value as unknown as Instance).filter(({ seen }) => now - seen < goneAfterMs)
}
