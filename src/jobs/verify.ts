import { authorityOf, ledgersOf, markFresh, noFlag, readCopies } from '../control/flag-store.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { everything } from '../query/where.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Origin } from '../util/origin.ts'
import { untilOwed } from './until-owed.ts'
import { type DifferenceKind, type RecordDifference, Verification, type VerifyOptions } from './verification.ts'

/** What was compared, when, and what was found: it is said of nothing else. */
export interface Verified {
  readonly type: string
  /** The store with authority, which the other one was held against. */
  readonly authority: Origin
  readonly epoch: number
  /** By the clock of this host. */
  readonly began: string
  readonly ended: string
  /** Records of the authority that were held against the mirror. */
  readonly compared: number
  readonly different: Readonly<Record<DifferenceKind, number>>
  /** Records that were owed or changed each time that they were looked at. */
  readonly undecided: number
  /** Documents that have no record, so that nothing could be compared. */
  readonly quarantined: number
  /** Some of those that differ. */
  readonly examples: readonly RecordDifference[]
}

export const isClean = ({ different, undecided, quarantined }: Verified): boolean =>
  Object.values(different).every((count) => count === 0) && undecided + quarantined === 0

/**
 * Holds every record of the store with authority against the other store, and looks for those that the other one has
 * alone. Memory is bounded by the batch. What was found is kept in the ledger of the authority; a mirror that was found
 * equal is fresh.
 *
 * @throws TRY_AGAIN where authority moved meanwhile; MISCONFIGURED where there is no flag, or nothing was examined though
 * there are documents.
 */
export async function verify(options: VerifyOptions): Promise<Verified> {
  const { stores, entity } = options
  const { name: type } = entity
  const key = flagKeyOf(entity)
  const { flag } = await readCopies(ledgersOf(stores), key)
  if (!flag) throw noFlag(key)
  const authority = authorityOf(flag)
  const mayBecomeFresh = flag.fresh === null && STAGE_PLAN[flag.stage].mirror !== null
  if (mayBecomeFresh) await untilOwed(options, flag)
  const began = new Date().toISOString()
  const verification = new Verification(options, authority)
  await verification.run()
  const { compared, different, undecided, quarantined, examples } = verification
  const { flag: after } = await readCopies(ledgersOf(stores), key)
  if (after?.epoch !== flag.epoch)
    throw new CrossfadeError('TRY_AGAIN', `The stage of ${type} was changed meanwhile: run it again.`)
  if (compared + quarantined === 0 && (await stores[authority].reader.count(entity, everything)) > 0)
    throw new CrossfadeError('MISCONFIGURED', `${type}: nothing was compared, though ${authority} has records.`)
  const ended = new Date().toISOString()
  const found = {
    type,
    authority,
    epoch: flag.epoch,
    began,
    ended,
    compared,
    different,
    undecided,
    quarantined,
    examples,
  }
  const { ledger } = stores[authority]
  const { examples: _, ...kept } = found
  const entry = await ledger.get('verified', type)
  await ledger.compareAndSet('verified', type, entry?.revision ?? null, kept)
  if (mayBecomeFresh && isClean(found)) await markFresh(ledgersOf(stores), key, type, flag.epoch)
  return found
}
