import { z } from 'zod'
import { type AgedEntry, changeEntry, type Ledger, parseAs } from '../stores/ledger.ts'
import { awaitWithin, timedOut } from '../util/await-within.ts'
import { type Origin, origins } from '../util/origin.ts'
import type { Ledgers } from './flag-store.ts'

/** Entries of the kill switch that a store keeps for all gateways, by the name of a type, of a group, or `all`. */
export const killedKind = 'killed'

/** What was said last of one name. */
export interface Killing {
  readonly on: boolean
  /** Milliseconds since 1970, or more: of two stores the one that was told last is right. */
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
    const last = known.get(name)
    // Of two who spoke at once the one that kills is heard: wherever it is read first, and the safe way to be wrong
    if (last && (killing.at < last.at || (killing.at === last.at && (last.on || !killing.on)))) continue
    known.set(name, killing)
    isNews = true
  }
  return isNews
}

export const namesKilled = (known: ReadonlyMap<string, Killing>): string[] =>
  [...known].flatMap(([name, { on }]) => (on ? [name] : []))

/** Whoever lets go of all lets go of each. */
const namesOf = (type: string, on: boolean, known: ReadonlyMap<string, Killing>): string[] =>
  type === 'all' && !on ? [...new Set(['all', ...known.keys()])] : [type]

/** A store that hangs keeps nobody from the switch. */
const patienceMs = 2_000

/** Null where the store does not do it in time. */
async function inTime<T>(work: Promise<T>): Promise<T | null> {
  const done = await awaitWithin(
    work.catch(() => null),
    patienceMs,
  )
  return done === timedOut ? null : done
}

/** Behind whatever the store holds by then. @returns what it holds. */
async function keep(ledger: Ledger, names: readonly string[], killing: Killing): Promise<Map<string, Killing>> {
  const kept = new Map<string, Killing>()
  for (const name of names)
    await changeEntry(ledger, killedKind, name, (value) => {
      const known = value === undefined ? null : parseAs(form, value)
      const now = { ...killing, at: Math.max(killing.at, (known?.at ?? 0) + 1) }
      kept.set(name, now)
      return now
    })
  return kept
}

export interface KilledByStores {
  /** Stores that could not be told. */
  readonly untold: readonly Origin[]
  /** What those hold that were, by name. */
  readonly said: ReadonlyMap<string, Killing>
}

/**
 * Tells the stores that are given, whose gateways see it with their next look at the flags. It comes behind all that they
 * hold by then, however far the clocks are apart of those who said it. One of them keeps it in the history. Never rejects.
 */
export async function killByStores(
  ledgers: Partial<Ledgers>,
  type: string,
  on: boolean,
  by: string,
): Promise<KilledByStores> {
  const asked = origins.flatMap((origin) => {
    const ledger = ledgers[origin]
    return ledger ? [{ origin, ledger }] : []
  })
  const lists = await Promise.all(asked.map(({ ledger }) => inTime(ledger.list(killedKind))))
  const known = new Map<string, Killing>()
  for (const entries of lists) if (entries) keepNewest(known, killedAmong(entries))
  const latest = Math.max(...[...known.values()].map(({ at }) => at))
  const killing: Killing = { on, at: Math.max(Date.now(), latest + 1), by }
  const names = namesOf(type, on, known)
  const told = await Promise.all(asked.map(({ ledger }, at) => lists[at] && inTime(keep(ledger, names, killing))))
  const said = new Map<string, Killing>()
  for (const kept of told) if (kept) keepNewest(said, kept)
  const keeper = asked.find((_, at) => told[at])
  if (keeper) await inTime(keeper.ledger.append('stage', type, { killed: on, by }))
  return { untold: asked.flatMap(({ origin }, at) => (told[at] ? [] : [origin])), said }
}
