import { changesMirror, movesAuthority, type Stage } from '../stage/stage.ts'
import { awaitWithin, timedOut } from '../util/await-within.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { type Origin, origins, otherOrigin } from '../util/origin.ts'
import { announce } from './announcement.ts'
import type { Flag } from './flag.ts'
import {
  commit,
  current,
  eventually,
  type FinishOptions,
  type Patience,
  patienceOf,
  patiently,
  tell,
} from './flag-commit.ts'
import { type Noted, note } from './flag-history.ts'
import { authorityOf } from './flag-store.ts'
import { takeAuthority } from './forced-move.ts'
import { forgetGone, liveInstances } from './instances.ts'
import { checkGates, type GateOptions } from './move-gates.ts'
import { asMover } from './mover.ts'
import { checkOtherWriters, type Unseen } from './other-writers.ts'
import { restoreAlone, undoForming } from './regroup.ts'
import { times } from './times.ts'

export interface MoveOptions extends GateOptions {
  /** Mirrors everything that `origin` owes for the types of the flag; resolves with what is still owed. */
  readonly sweep: (type: string, origin: Origin) => Promise<number>
  /** How much `origin` owes for the types of the flag, at a glance; default: as `sweep` finds. */
  readonly owed?: (type: string, origin: Origin) => Promise<number>
  /** Resolves when what other programs have changed so far, where the flag says that authority is, is marked as owed. */
  readonly caughtUp?: (draining: Flag) => Promise<void>
  /** Default: nobody but gateways writes. */
  readonly unseen?: Unseen
}

export interface StageChange extends Pick<Noted, 'why' | 'force' | 'noOtherWriters' | 'by'> {
  /** The key of the flag: of a type that moves alone, or of a group. */
  readonly type: string
  readonly stage?: Stage
  readonly readPercent?: number
  readonly samplePercent?: number
}

/** Waits until every live instance has acknowledged the flag: what it began under an earlier revision has ended. */
async function acknowledged({ ledgers }: FinishOptions, patience: Patience, flag: Flag): Promise<void> {
  let behind: string[] = []
  const done = await eventually(patience, async () => {
    const live = await liveInstances(ledgers[authorityOf(flag)])
    behind = live.filter(({ acknowledged: by }) => (by[flag.type] ?? 0) < flag.revision).map(({ id }) => id)
    return behind.length === 0
  })
  if (done) return
  const text = `These gateways have not ended their writes of ${flag.type}: ${behind.join(', ')}.`
  throw new CrossfadeError('TRY_AGAIN', `${text} See that they answer, and try again.`)
}

/** Waits until every live instance has acknowledged a flag in the store that has authority. @throws TRY_AGAIN */
export const settled = (options: FinishOptions, flag: Flag): Promise<void> =>
  acknowledged(options, patienceOf(options), flag)

async function drained({ sweep }: MoveOptions, patience: Patience, type: string, origin: Origin): Promise<void> {
  let left = 0
  const done = await eventually(patience, async () => {
    left = await sweep(type, origin)
    return left === 0
  })
  if (!done)
    throw new CrossfadeError('TRY_AGAIN', `${left} writes of ${type} are still owed; see \`crossfade mirror status\`.`)
}

/** Writes go on where they went before, under a new epoch: nothing of the attempt can be taken for the present. */
const rolledBack = (draining: Flag): Flag => ({
  ...draining,
  state: 'steady',
  target: null,
  epoch: draining.epoch + 1,
  revision: draining.revision + 1,
})

async function undo(options: FinishOptions, draining: Flag): Promise<Flag> {
  const { ledgers } = options
  const patience = patienceOf(options)
  const back = rolledBack(draining)
  await commit(ledgers, patience, draining, back)
  await tell(ledgers, patience, otherOrigin(authorityOf(back)), back)
  return back
}

async function rollBack(options: FinishOptions, draining: Flag, cause: unknown): Promise<never> {
  const { type } = draining
  try {
    // Where no writes were held yet, there is nothing to take back
    const { revision } = await current(options.ledgers, patienceOf(options), type)
    if (revision >= draining.revision) await undo(options, draining)
  } catch (fault) {
    if (fault instanceof CrossfadeError && fault.code === 'CONFLICT') {
      const text = `${type}: somebody else has ended this move; see \`crossfade stage list\` and try again.`
      throw new CrossfadeError('CONFLICT', text, { cause })
    }
    const who = `a gateway does so when nobody has been at it for ${times.unfinished / 1_000} s`
    const remedy = `Its writes may be held: run the command again, which rolls back first, or wait; ${who}`
    const text = `${type}: the move was cut off, and could not be rolled back: ${messageOf(fault)}. ${remedy}.`
    throw new CrossfadeError('UNAVAILABLE', text, { cause })
  }
  throw cause
}

/** What ends by the patience says so itself; a round of the sweep has no end of its own where the mirror is slow. */
const graceMs = 1_000

const tooLong = (type: string, from: Origin): string =>
  `${type} was held for as long as it may be while ${from} was made equal. Writes go on there; see \`crossfade mirror status\`, and try again.`

/** What begins once writes are held, and ends before authority is handed over: nothing is owed any more, nor on its way. */
async function emptied(options: MoveOptions, patience: Patience, draining: Flag): Promise<void> {
  const { sweep, owed = sweep } = options
  const { type } = draining
  const from = authorityOf(draining)
  await acknowledged(options, patience, draining)
  // Side by side: what was caught is owed once both have ended, and seldom anything was
  await Promise.all([
    patiently(patience, async () => options.caughtUp?.(draining)),
    drained(options, patience, type, from),
  ])
  if (options.caughtUp && (await patiently(patience, () => owed(type, from))) > 0)
    await drained(options, patience, type, from)
}

/**
 * Moves authority between the stores; see "Moving authority" in the design. Held writes go on under the old authority
 * where anything fails before the hand-over.
 */
async function moveAuthority(options: MoveOptions, was: Flag, next: Flag): Promise<Flag> {
  const { ledgers, log } = options
  const from = authorityOf(was)
  const patience = patienceOf(options)
  const draining: Flag = { ...was, state: 'draining', target: next.stage, revision: was.revision + 1 }
  const epoch = was.epoch + 1
  // What had authority owes nothing then, so that it is as the other one; unless that one was never made equal
  const fresh = was.fresh === null ? null : epoch
  const revision = draining.revision + 1
  const handed: Flag = { ...next, state: 'handed', target: null, epoch, fresh, copied: [], revision }
  let began = 0
  try {
    await commit(ledgers, patience, was, draining)
    began = performance.now()
    log(`${was.type}: writes are held until ${from} owes nothing`)
    const mostMs = patience.until - performance.now() + graceMs
    if ((await awaitWithin(emptied(options, patience, draining), mostMs)) === timedOut)
      throw new CrossfadeError('TRY_AGAIN', tooLong(was.type, from))
    await commit(ledgers, patience, draining, handed)
  } catch (error) {
    return rollBack(options, draining, error)
  }
  const moved = await takeOver(options, handed)
  log(
    `${was.type}: writes go on in ${authorityOf(moved)}; they were held for ${Math.round(performance.now() - began)} ms`,
  )
  return moved
}

interface Changed {
  readonly now: Flag
  /** What was not met, though it was asked for. */
  readonly forced: readonly string[]
}

async function announced(options: MoveOptions, was: Flag, next: Flag, force: boolean): Promise<Changed> {
  const announcement = announce(options.ledgers, was.type)
  try {
    const forced = await checkGates(options, was, next.stage, force)
    await announcement.noticed
    return { now: await moveAuthority(options, was, next), forced }
  } finally {
    await announcement.takeBack()
  }
}

/** The new authority learns that it is one; until then nobody writes. */
async function takeOver(options: FinishOptions, handed: Flag): Promise<Flag> {
  const home = authorityOf(handed)
  const steady: Flag = { ...handed, state: 'steady', target: null, revision: handed.revision + 1 }
  const patience = patienceOf(options)
  await tell(options.ledgers, patience, home, steady)
  await tell(options.ledgers, patience, otherOrigin(home), steady)
  return steady
}

/**
 * Ends a move that was cut off: behind its commit point it is finished, before that rolled back. Safe to run by anybody,
 * at any time.
 *
 * @returns the flag that is in force afterwards, which is steady; or retired, where its types go by another.
 */
export async function finishMove(options: FinishOptions, type: string): Promise<Flag> {
  const { ledgers, log } = options
  const flag = await current(ledgers, patienceOf(options), type)
  if (flag.state === 'steady') return flag
  if (flag.state === 'retired') return restoreAlone(options, flag)
  if (flag.state === 'forming') return undoForming(options, flag)
  const isHanded = flag.state === 'handed'
  log(`${type}: an earlier move was cut off and is ${isHanded ? 'finished' : 'rolled back'} first`)
  return isHanded ? takeOver(options, flag) : undo(options, flag)
}

/** One that moves no authority. */
async function change(options: MoveOptions, was: Flag, next: Flag, force: boolean): Promise<Changed> {
  const { ledgers } = options
  const patience = patienceOf(options)
  const home = authorityOf(was)
  const forced = await checkGates(options, was, next.stage, force)
  await commit(ledgers, patience, was, next)
  await acknowledged(options, patience, next)
  await tell(ledgers, patience, otherOrigin(home), next)
  return { now: next, forced }
}

/**
 * Changes a flag: the stage, the read percentage or the sample rate.
 *
 * @returns the flag that is in force afterwards.
 * @throws CONFLICT where somebody else changed it; TRY_AGAIN where writes could not be drained; then the old stage holds.
 */
export async function setStage(options: MoveOptions, wanted: StageChange): Promise<Flag> {
  const { isTrouble = () => false } = options
  const taken =
    wanted.force && wanted.stage && (await takeAuthority({ ...options, isTrouble }, wanted.type, wanted.stage))
  if (taken) {
    await note(options, null, taken, wanted)
    return taken
  }
  return asMover(options, wanted.type, wanted.stage ?? null, () => changeFlag(options, wanted))
}

async function changeFlag(options: MoveOptions, wanted: StageChange): Promise<Flag> {
  const was = await finishMove(options, wanted.type)
  if (was.state === 'retired')
    throw new CrossfadeError('BAD_USER_INPUT', `${was.type} moves under another flag: see \`crossfade group list\`.`)
  const stage = wanted.stage ?? was.stage
  const next: Flag = {
    ...was,
    ...(changesMirror(was.stage, stage) ? { epoch: was.epoch + 1, fresh: null, copied: [] } : {}),
    stage,
    readPercent: wanted.readPercent ?? (wanted.stage && wanted.stage !== was.stage ? 0 : was.readPercent),
    samplePercent: wanted.samplePercent ?? was.samplePercent,
    returned: wanted.readPercent === undefined && stage === was.stage ? was.returned : null,
    revision: was.revision + 1,
  }
  if (!wanted.noOtherWriters) await checkOtherWriters(options.unseen, was, next)
  const moves = movesAuthority(was.stage, next.stage)
  if (moves) {
    if (was.stage === 'off' || was.stage === 'complete' || next.stage === 'off' || next.stage === 'complete') {
      const text = `${was.stage} → ${next.stage} would move authority to a store that is not kept fresh`
      throw new CrossfadeError(
        'BAD_USER_INPUT',
        `${wanted.type}: ${text}. Go through dualwrite, a backfill, shadow and live, or back the same way.`,
      )
    }
  }
  const { now, forced } = await (moves ? announced : change)(options, was, next, wanted.force ?? false)
  await note(options, was, now, { ...wanted, forced })
  // Gateways that were killed cannot withdraw; where a store is in trouble the next change forgets them
  await Promise.allSettled(origins.map((origin) => forgetGone(options.ledgers[origin])))
  return now
}
