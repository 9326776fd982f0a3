import { type AgedEntry, changeEntry, type Ledger } from '../stores/ledger.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Json } from '../util/json.ts'
import { type Origin, origins } from '../util/origin.ts'
import type { Ledgers } from './flag-store.ts'

/**
 * The form in which this version keeps flags, marks, tombstones and versions of records: a number that grows with each
 * change that an older version would misread, or write over.
 */
export const format = 1

export const formatKind = 'format'
const key = 'bookkeeping'

/** Where no number is kept: only the first form was ever kept without one. */
const unnumbered = 1

function numberIn(value: Json | undefined): number {
  if (value === undefined) return unnumbered
  // Whoever writes something else is newer than this version, which has only ever written numbers
  return typeof value === 'number' ? value : Number.POSITIVE_INFINITY
}

/** The number among entries of its kind. */
export const formatAmong = (entries: readonly AgedEntry[]): number =>
  numberIn(entries.find((entry) => entry.kind === formatKind)?.value)

export const readFormat = async (ledger: Ledger): Promise<number> =>
  numberIn((await ledger.get(formatKind, key))?.value)

/** Makes a store's number at least `to`. @returns whether that was left to do. */
export const raiseFormat = (ledger: Ledger, to = format): Promise<boolean> =>
  changeEntry(ledger, formatKind, key, (value) => (value !== undefined && numberIn(value) >= to ? undefined : to))

/** What stands against writing to a store, and what to do; null where nothing does. */
export function tooNew(origin: Origin, found: number): string | null {
  if (found <= format) return null
  const number = Number.isFinite(found) ? `format ${found}` : 'a format without a number'
  const fact = `${origin} keeps Crossfade's bookkeeping in ${number}, and this version knows format ${format}`
  return `${fact}: it writes nothing. Run the version that ran \`crossfade migrate up\` last, or a newer one.`
}

/** @throws MISCONFIGURED where the store's bookkeeping is newer than this version; what the ledger throws. */
export async function checkFormat(ledger: Ledger, origin: Origin): Promise<void> {
  const problem = tooNew(origin, await readFormat(ledger))
  if (problem) throw new CrossfadeError('MISCONFIGURED', problem)
}

/** The same of the stores that can be asked: one that is down, or not prepared yet, tells nothing. */
export async function checkFormats(ledgers: Ledgers): Promise<void> {
  const found = await Promise.allSettled(origins.map((origin) => readFormat(ledgers[origin])))
  const problems = found.flatMap((each, index) =>
    each.status === 'fulfilled' ? (tooNew(origins[index]!, each.value) ?? []) : [],
  )
  if (problems.length > 0) throw new CrossfadeError('MISCONFIGURED', problems.join('\n'))
}
