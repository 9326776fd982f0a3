import { setTimeout as sleep } from 'node:timers/promises'
import { changesMirror, movesAuthority, STAGE_PLAN, type Stage } from '../stage/stage.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import type { Flag } from './flag.ts'
import { authorityOf, type Ledgers, newer, raiseFlag, readFlag, type StoredFlag, writeFlag } from './flag-store.ts'
import { liveInstances } from './instances.ts'
import { times } from './times.ts'

export interface MoveOptions {
  readonly ledgers: Ledgers
  /** Mirrors everything that `origin` owes for the type; resolves with what is still owed. */
  readonly sweep: (type: string, origin: Origin) => Promise<number>
  /** What stands against the type's authority going to the other store, a line each; asked before anything is held. */
  readonly unmet?: (type: string, origin: Origin) => Promise<readonly string[]>
  readonly log: (message: string) => void
  /** How long instances may take to acknowledge and the sweep to drain, in milliseconds; default: see `times`. */
  readonly patienceMs?: number
}

export interface StageChange {
  readonly type: string
  readonly stage?: Stage
  readonly readPercent?: number
  readonly samplePercent?: number
  /** Kept in the history. */
  readonly why?: string | null
  /** Moves authority although gates are not met: what the other store lacks is lost to readers. */
  readonly force?: boolean
}

/** The copy in force, from whichever stores answer. */
async function current(ledgers: Ledgers, type: string): Promise<Flag> {
  const copies = await Promise.allSettled([readFlag(ledgers.mongo, type), readFlag(ledgers.postgres, type)])
  const [mongo, postgres] = copies.map((copy) => (copy.status === 'fulfilled' ? (copy.value?.flag ?? null) : null))
  const flag = newer(mongo ?? null, postgres ?? null)
  if (!flag) throw new CrossfadeError('MISCONFIGURED', `No flag is known for ${type}. Run \`crossfade migrate up\`.`)
  return flag
}

/** Compare-and-set in the store that has authority: the only commit point of a change. */
async function commit(ledgers: Ledgers, origin: Origin, was: Flag, next: Flag): Promise<void> {
  const copy: StoredFlag | null = await readFlag(ledgers[origin], was.type)
  const same = copy?.flag.epoch === was.epoch && copy.flag.revision === was.revision
  if (!same || !(await writeFlag(ledgers[origin], copy, next))) {
    throw new CrossfadeError('CONFLICT', `The flag of ${was.type} was changed by someone else; look and try again.`)
  }
}

/** Waits until every live instance has acknowledged the flag: what it began under an earlier revision has ended. */
async function acknowledged(
  { ledgers, patienceMs = times.move }: MoveOptions,
  origin: Origin,
  flag: Flag,
): Promise<void> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const behind = (await liveInstances(ledgers[origin])).filter(
      (instance) => (instance.acknowledged[flag.type] ?? 0) < flag.revision,
    )
    if (behind.length === 0) return
    if (Date.now() > deadline) {
      const names = behind.map(({ id }) => id).join(', ')
      throw new CrossfadeError(
        'TRY_AGAIN',
        `These gateways have not ended their writes of ${flag.type}: ${names}. See that they answer, and try again.`,
      )
    }
    await sleep(100)
  }
}

async function drained({ sweep, patienceMs = times.move }: MoveOptions, type: string, origin: Origin): Promise<void> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const left = await sweep(type, origin)
    if (left === 0) return
    if (Date.now() > deadline) {
      throw new CrossfadeError(
        'TRY_AGAIN',
        `${left} writes of ${type} are still owed; see \`crossfade mirror status\`.`,
      )
    }
    await sleep(100)
  }
}

/** @throws BAD_USER_INPUT with what has to be done first, unless it is forced. */
async function checkGates({ unmet, log }: MoveOptions, was: Flag, force: boolean): Promise<void> {
  const from = authorityOf(was)
  const to = otherOrigin(from)
  const copy = `${to} was not made equal to ${from} since it is written: run \`crossfade backfill ${was.type}\``
  const lines = [...(was.fresh === null ? [copy] : []), ...((await unmet?.(was.type, from)) ?? [])]
  if (lines.length === 0) return
  if (!force) throw new CrossfadeError('BAD_USER_INPUT', `${was.type} cannot move yet: ${lines.join('; ')}.`)
  for (const line of lines) log(`${was.type}: forced, although ${line}`)
}

/**
 * Moves authority between the stores; see "Moving authority" in the design. Held writes go on under the old authority
 * where anything fails before the hand-over.
 */
async function moveAuthority(options: MoveOptions, was: Flag, next: Flag): Promise<void> {
  const { ledgers, log } = options
  const from = authorityOf(was)
  const draining: Flag = { ...was, state: 'draining', target: next.stage, revision: was.revision + 1 }
  await commit(ledgers, from, was, draining)
  try {
    log(`${was.type}: writes are held until ${from} owes nothing`)
    await acknowledged(options, from, draining)
    await drained(options, was.type, from)
  } catch (error) {
    // Roll back under a new epoch, so that nothing of this attempt can be taken for the present.
    const back: Flag = { ...was, epoch: was.epoch + 1, revision: draining.revision + 1 }
    try {
      await commit(ledgers, from, draining, back)
      await raiseFlag(ledgers[otherOrigin(from)], back)
    } catch (fault) {
      const remedy = 'Its writes may be held: run the command again when the stores answer, which rolls back first'
      const text = `${was.type}: the move was cut off, and could not be rolled back: ${messageOf(fault)}. ${remedy}.`
      throw new CrossfadeError('UNAVAILABLE', text, { cause: error })
    }
    throw error
  }
  const epoch = was.epoch + 1
  // What had authority owes nothing now, so that it is as the other one; unless that one was never made equal
  const fresh = was.fresh === null ? null : epoch
  const moved: Flag = { ...next, state: 'steady', target: null, epoch, fresh, revision: draining.revision + 1 }
  await commit(ledgers, from, draining, { ...moved, state: 'handed' })
  await raiseFlag(ledgers[otherOrigin(from)], { ...moved, revision: moved.revision + 1 })
}

/** A move that was cut off behind its commit point is finished before anything else; one before it is rolled back. */
async function finish(options: MoveOptions, flag: Flag): Promise<Flag> {
  const { ledgers, log } = options
  if (flag.state === 'steady') return flag
  const done: Flag =
    flag.state === 'handed'
      ? { ...flag, state: 'steady', target: null, revision: flag.revision + 1 }
      : { ...flag, state: 'steady', target: null, epoch: flag.epoch + 1, revision: flag.revision + 1 }
  log(`${flag.type}: an earlier move was cut off and is ${flag.state === 'handed' ? 'finished' : 'rolled back'} first`)
  const home = authorityOf(done)
  if (flag.state === 'draining') await commit(ledgers, home, flag, done)
  await raiseFlag(ledgers[home], done)
  await raiseFlag(ledgers[otherOrigin(home)], done)
  return done
}

/**
 * Changes a flag: the stage, the read percentage or the sample rate.
 *
 * @returns the flag that is in force afterwards.
 * @throws CONFLICT where somebody else changed it; TRY_AGAIN where writes could not be drained; then the old stage holds.
 */
export async function setStage(options: MoveOptions, change: StageChange): Promise<Flag> {
  const { ledgers } = options
  const was = await finish(options, await current(ledgers, change.type))
  const stage = change.stage ?? was.stage
  const next: Flag = {
    ...was,
    ...(changesMirror(was.stage, stage) ? { epoch: was.epoch + 1, fresh: null } : {}),
    stage,
    readPercent: change.readPercent ?? (change.stage && change.stage !== was.stage ? 0 : was.readPercent),
    samplePercent: change.samplePercent ?? was.samplePercent,
    revision: was.revision + 1,
  }
  if (movesAuthority(was.stage, next.stage)) {
    if (was.stage === 'off' || was.stage === 'complete' || next.stage === 'off' || next.stage === 'complete') {
      const text = `${was.stage} → ${next.stage} would move authority to a store that is not kept fresh`
      throw new CrossfadeError(
        'BAD_USER_INPUT',
        `${change.type}: ${text}. Go through dualwrite, a backfill, shadow and live, or back the same way.`,
      )
    }
    await checkGates(options, was, change.force ?? false)
    await moveAuthority(options, was, next)
  } else {
    const home = authorityOf(was)
    await commit(ledgers, home, was, next)
    await acknowledged(options, home, next)
    // A type that is off or complete does not need the other store at all.
    await raiseFlag(ledgers[otherOrigin(home)], next).catch((error: unknown) => {
      if (STAGE_PLAN[next.stage].mirror !== null) throw error
    })
  }
  const now = await current(ledgers, change.type)
  const entry = {
    from: was.stage,
    to: now.stage,
    epoch: now.epoch,
    readPercent: now.readPercent,
    samplePercent: now.samplePercent,
    why: change.why ?? null,
    ...(change.force ? { forced: true } : {}),
  }
  await ledgers[authorityOf(now)].append('stage', change.type, entry)
  return now
}
