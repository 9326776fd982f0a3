import { z } from 'zod'
import { type AgedEntry, changeEntry, type Entry, type Ledger, parseAs } from '../stores/ledger.ts'
import { awaitWithin, timedOut } from '../util/await-within.ts'
import { type Origin, origins } from '../util/origin.ts'
import type { Ledgers } from './flag-store.ts'

/** Entries of the kill switch that a store keeps for all gateways, by the name of a type, of a group, or `all`. */
export const killedKind = 'killed'

/** What was said last of one name. */
export interface Killing {
  readonly on: boolean
  /** Milliseconds since 1970, by the clock of whoever said it: of two stores the one that was told last is right. */
  readonly at: number
  readonly by: string
}

const form: z.ZodType<Killing> = z.object({ on: z.boolean(), at: z.number(), by: z.string() })

/** What entries say, whatever else is among them. */
export function killedAmong(entries: readonly AgedEntry[]): ReadonlyMap<string, Killing> {
  const found = new Map<string, Killing>()
  for (const { kind, key, value } of entries) {
    const killing = kind === killedKind ? parseAs(form, value) : null
    if (killing) found.set(key, killing)
  }
  return found
}

/** Takes what was said later than what is known. @returns whether there was any. */
export function keepNewest(known: Map<string, Killing>, found: ReadonlyMap<string, Killing>): boolean {
  let isNews = false
  for (const [name, killing] of found) {
    if (killing.at <= (known.get(name)?.at ?? Number.NEGATIVE_INFINITY)) continue
    known.set(name, killing)
    isNews = true
  }
  return isNews
}

export const namesKilled = (known: ReadonlyMap<string, Killing>): string[] =>
  [...known].flatMap(([name, { on }]) => (on ? [name] : []))

/** Whoever lets go of all lets go of each. */
const namesOf = (type: string, on: boolean, known: readonly Entry[]): string[] =>
  type === 'all' && !on ? [...new Set(['all', ...known.map(({ key }) => key)])] : [type]

async function killIn(ledger: Ledger, type: string, killing: Killing): Promise<void> {
  const names = namesOf(type, killing.on, await ledger.list(killedKind))
  for (const name of names)
    await changeEntry(ledger, killedKind, name, (value) => {
      const known = value === undefined ? null : parseAs(form, value)
      return known && known.at > killing.at ? undefined : { ...killing }
    })
}

/** A store that hangs keeps nobody from the switch. */
const patienceMs = 2_000

/**
 * Tells the stores that are given, whose gateways see it with their next look at the flags. Never rejects.
 *
 * @returns the stores that could not be told.
 */
export async function killByStores(
  ledgers: Partial<Ledgers>,
  type: string,
  on: boolean,
  by: string,
): Promise<Origin[]> {
  const killing: Killing = { on, at: Date.now(), by }
  const untold = await Promise.all(
    origins.map(async (origin) => {
      const ledger = ledgers[origin]
      if (!ledger) return []
      const telling = killIn(ledger, type, killing).then(
        () => [],
        () => [origin],
      )
      const told = await awaitWithin(telling, patienceMs)
      return told === timedOut ? [origin] : told
    }),
  )
  return untold.flat()
}
