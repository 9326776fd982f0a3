import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Flag } from '../control/flag.ts'
import { ledgersOf, markFresh, readCopies } from '../control/flag-store.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { copyKind } from '../evidence/copied.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { adoptRest } from '../stores/postgres/adopt-rest.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { BackfillOptions, Progress } from './backfill-options.ts'
import { copiedFlag } from './copied-flag.ts'
import { CopyBoard } from './copy-board.ts'
import { underCopyClaim } from './copy-claim.ts'
import { type CopyRangesOptions, copyRanges } from './copy-ranges.ts'
import { type CopyRecord, copyJson, goesOn } from './copy-record.ts'
import { standing } from './copy-standing.ts'
import { cutsFor } from './cuts-for.ts'
import { overtaken } from './overtaken.ts'
import { untilOwed } from './until-owed.ts'

/** Of one run: who is stopped may not be gone yet when the next one begins. */
const ownerName = (): string => `${hostname()}/${process.pid}/${randomBytes(3).toString('hex')}`

async function begin(options: BackfillOptions, first: CopyRecord, revision: number | null) {
  const { stores, entity, workers = 1 } = options
  await adoptRest(stores.postgres.connection, entity)
  const isOfMongo = first.from === 'mongo'
  const copy: CopyRecord = {
    ...first,
    total: isOfMongo ? await stores.mongo.estimate(entity) : null,
    // Else it is cut once another process asks for a range: to choose the cuts would keep one worker from its work
    cuts: workers === 1 ? null : await cutsFor(options, first.from),
    survey: isOfMongo ? await stores.mongo.survey(entity, null, { isFirst: true, isLast: false }) : null,
  }
  if (!(await stores.postgres.ledger.compareAndSet(copyKind, entity.name, revision, copyJson(copy))))
    throw new CrossfadeError('TRY_AGAIN', `Another backfill of ${entity.name} has begun: run it again to join it.`)
  return copy
}

/** Whoever sees that all ranges are copied says so; it changes nothing to say it twice. */
async function end({ stores, entity }: BackfillOptions, flag: Flag | null, board: CopyBoard): Promise<boolean> {
  await board.look()
  const { copy, odd, progress } = board
  if (copy.done) return false
  if (copy.from === 'mongo') await stores.mongo.survey(entity, copy.survey, { isFirst: false, isLast: true, odd })
  if (flag && !(await markFresh(ledgersOf(stores), flag.type, entity.name, flag.epoch))) throw overtaken(entity.name)
  const { seen, copied, mended, removed, quarantined, refused } = progress
  return board.end({ seen, copied, mended, removed, quarantined, refused })
}

/**
 * Makes the store without authority equal to the one with it, in batches by id. What the authority has is put where the
 * other store has nothing as new; what differs at the same version, or without one, is kept in conflicts and replaced;
 * what the authority does not have goes. What the other store refuses is owed to it. Then the flag says that the mirror
 * is fresh. Can be killed at any point and run again; memory is bounded by a few batches for each worker. Several
 * processes that copy one type share its ranges.
 *
 * @throws TRY_AGAIN where a repair of the type is running, its stage was changed meanwhile, or a gateway goes on under
 * an older flag; BAD_USER_INPUT in a stage that has no use for it.
 */
export async function backfill(options: BackfillOptions): Promise<Progress> {
  const flag = await copiedFlag(options)
  const { first, revision, running } = await standing(options, flag)
  return underCopyClaim(options, `copy ${(running ?? first).id}`, async (claim) => {
    if (flag) await untilOwed(options, flag)
    const copy = running ?? (await begin(options, first, revision))
    return (await takePart(options, flag, copy, claim.renew, claim.keep)).progress
  })
}

/** What came of taking part. */
export interface Part {
  readonly progress: Progress
  /** Whether it was this process that saw the end of the copy, and said so. */
  readonly isEnded: boolean
}

async function takePart(
  options: CopyRangesOptions,
  flag: Flag | null,
  copy: CopyRecord,
  renew: () => Promise<boolean>,
  keep: (isKept: () => boolean) => void,
): Promise<Part> {
  const { stores, entity } = options
  const board = new CopyBoard(stores.postgres.ledger, entity, copy, ownerName())
  keep(() => board.isShared)
  await copyRanges(options, board, renew)
  const isEnded = await end(options, flag, board)
  return { progress: board.progress, isEnded }
}

/**
 * Takes ranges of the copy of a type that is running, until it is complete; null where none is.
 *
 * @throws MISCONFIGURED where this program has another mapping than the one that the copy began under.
 */
export async function joinCopy(options: BackfillOptions): Promise<Part | null> {
  const { stores, entity } = options
  const { flag } = await readCopies(ledgersOf(stores), flagKeyOf(entity))
  if (flag && STAGE_PLAN[flag.stage].mirror === null) return null
  const { first, last, running } = await standing(options, flag)
  if (!running) {
    if (!last || !goesOn(last, { ...first, mapping: last.mapping })) return null
    const text = `A backfill of ${entity.name} runs under another mapping than this program has: give both the same.`
    throw new CrossfadeError('MISCONFIGURED', text)
  }
  return underCopyClaim(options, `copy ${running.id}`, ({ renew, keep }) =>
    takePart({ ...options, isRested: true }, flag, running, renew, keep),
  )
}
