import { STAGE_PLAN } from '../stage/stage.ts'
import { type Entry, flagKind, type Ledger } from '../stores/ledger.ts'
import { CrossfadeError } from '../util/errors.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import { type Flag, flagJson, parseFlag } from './flag.ts'

export type Ledgers = Readonly<Record<Origin, Ledger>>

export const ledgersOf = (stores: Readonly<Record<Origin, { readonly ledger: Ledger }>>): Ledgers => ({
  mongo: stores.mongo.ledger,
  postgres: stores.postgres.ledger,
})

/** A flag as one store holds it. */
export interface StoredFlag {
  readonly flag: Flag
  /** For compare-and-set in that store. */
  readonly entryRevision: number
}

const toStored = (entry: Entry | null): StoredFlag | null => {
  const flag = entry && parseFlag(entry.value)
  return flag ? { flag, entryRevision: entry.revision } : null
}

/** What to do about types that have no flag. */
export const noFlag = (...types: readonly string[]): CrossfadeError =>
  new CrossfadeError('MISCONFIGURED', `No flag is known for ${types.join(', ')}. Run \`crossfade migrate up\`.`)

export async function readFlag(ledger: Ledger, type: string): Promise<StoredFlag | null> {
  return toStored(await ledger.get(flagKind, type))
}

/** Which of two copies is in force: the higher epoch, then the later revision. */
export function newer(a: Flag | null, b: Flag | null): Flag | null {
  if (!a || !b) return a ?? b
  const difference = a.epoch - b.epoch || a.revision - b.revision
  return difference >= 0 ? a : b
}

/** Both stores' copies of a flag, and which of them is in force. @throws where one of the stores does not answer. */
export async function readCopies(ledgers: Ledgers, type: string) {
  const [mongo, postgres] = await Promise.all([readFlag(ledgers.mongo, type), readFlag(ledgers.postgres, type)])
  return { copies: { mongo, postgres }, flag: newer(mongo?.flag ?? null, postgres?.flag ?? null) }
}

/** The newest of each flag among those of several stores. */
export function newestFlags(flags: Iterable<Flag>): Flag[] {
  const byKey = new Map<string, Flag>()
  for (const flag of flags) byKey.set(flag.type, newer(byKey.get(flag.type) ?? null, flag)!)
  return [...byKey.values()]
}

/** Every flag that a store has. */
export const flagsIn = async (ledger: Ledger): Promise<Flag[]> =>
  (await ledger.list(flagKind)).flatMap(({ value }) => parseFlag(value) ?? [])

/** Every flag, as it is in force. @throws where one of the stores does not answer. */
export const allFlags = async ({ mongo, postgres }: Ledgers): Promise<Flag[]> =>
  newestFlags((await Promise.all([flagsIn(mongo), flagsIn(postgres)])).flat())

/** Writes the copy of one store, where it is still as it was read. */
export function writeFlag(ledger: Ledger, was: StoredFlag | null, flag: Flag): Promise<boolean> {
  return ledger.compareAndSet(flagKind, flag.type, was?.entryRevision ?? null, flagJson(flag))
}

/** Makes a store's copy at least as new as `flag`. A copy that is newer already is left alone. */
export async function raiseFlag(ledger: Ledger, flag: Flag): Promise<void> {
  for (;;) {
    const copy = await readFlag(ledger, flag.type)
    if (copy && newer(copy.flag, flag) === copy.flag) return
    if (await writeFlag(ledger, copy, flag)) return
  }
}

/** The flag once a copy of the type has made the other store equal: fresh where that holds of each type that goes by it. */
function withCopied(flag: Flag, type: string): Flag {
  const copied = [...new Set([...flag.copied, type])]
  const isFresh = flag.members.every((member) => copied.includes(member))
  const next = isFresh ? { fresh: flag.epoch, copied: [] } : { copied }
  return { ...flag, ...next, revision: flag.revision + 1 }
}

/**
 * Notes that a copy of a type has made the other store equal, where the epoch that it was made in is present still.
 *
 * @param key of the type's flag.
 * @returns false where it is not: something was written, or not, that the copy does not know of.
 */
export async function markFresh(ledgers: Ledgers, key: string, type: string, epoch: number): Promise<boolean> {
  for (;;) {
    const { copies, flag } = await readCopies(ledgers, key)
    if (!flag || flag.epoch !== epoch || flag.state !== 'steady' || STAGE_PLAN[flag.stage].mirror === null) return false
    if (flag.fresh !== null || flag.copied.includes(type)) return true
    const home = authorityOf(flag)
    const next = withCopied(flag, type)
    if (!(await writeFlag(ledgers[home], copies[home], next))) continue
    await raiseFlag(ledgers[otherOrigin(home)], next)
    return true
  }
}

export const authorityOf = (flag: Flag): Origin => STAGE_PLAN[flag.stage].authority
