import { setTimeout as sleep } from 'node:timers/promises'
import { STAGE_PLAN, type Stage } from '../stage/stage.ts'
import { awaitWithin, timedOut } from '../util/await-within.ts'
import { CrossfadeError } from '../util/errors.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import type { Flag } from './flag.ts'
import { authorityOf, type Ledgers, readFlag, writeFlag } from './flag-store.ts'
import { instancesOf } from './instances.ts'
import { times } from './times.ts'

/** So many epochs are left out, so that no hand-over or roll-back that nobody here has seen shares the new one. */
export const epochsLeftOut = 1_000

interface ForcedOptions {
  readonly ledgers: Ledgers
  readonly isTrouble: (error: unknown) => boolean
  readonly log: (message: string) => void
}

async function isSilent({ ledgers, isTrouble }: ForcedOptions, origin: Origin, type: string): Promise<boolean> {
  try {
    return (await awaitWithin(readFlag(ledgers[origin], type), times.controlCall)) === timedOut
  } catch (error) {
    if (isTrouble(error)) return true
    throw error
  }
}

/** What gateways last saw that the type owed to the store that is left, in words. */
async function owedWhenLastSeen({ ledgers }: ForcedOptions, origin: Origin, { members }: Flag): Promise<string> {
  const seen = (await instancesOf(ledgers[origin])).flatMap(({ owed, ageMs }) => {
    const counts = members.flatMap((type) => owed[type] ?? [])
    return counts.length < members.length ? [] : [{ count: counts.reduce((a, b) => a + b), ageMs }]
  })
  const last = seen.toSorted((a, b) => a.ageMs - b.ageMs)[0]
  if (!last) return 'No gateway has told how many acknowledged writes were owed to it'
  const seconds = Math.round(last.ageMs / 1_000)
  return `${last.count} acknowledged writes were owed to it when a gateway last told, ${seconds} s ago, and more may be by now`
}

/**
 * Takes authority from a store that does not answer. What was acknowledged there and not mirrored is missing until it is
 * back; then it is taken over where nothing newer stands in its place, and kept in conflicts where something does. Says
 * so, and waits for a whole lease, before it acts.
 *
 * @returns null where the store answers, or has no authority: then the stage is changed in order.
 * @throws UNAVAILABLE where neither store answers, or nothing was ever mirrored into the one that does.
 */
export async function takeAuthority(options: ForcedOptions, type: string, stage: Stage): Promise<Flag | null> {
  const { ledgers, log } = options
  const { authority: to } = STAGE_PLAN[stage]
  const from = otherOrigin(to)
  if (!(await isSilent(options, from, type))) return null
  const copy = await readFlag(ledgers[to], type)
  if (!copy) throw new CrossfadeError('MISCONFIGURED', `No flag is known for ${type} in ${to}.`)
  const was = copy.flag
  if (authorityOf(was) !== from) return null // nothing has to be taken away
  if (STAGE_PLAN[was.stage].mirror === null)
    throw new CrossfadeError(
      'UNAVAILABLE',
      `${from} does not answer, and alone keeps ${type}, which is ${was.stage}: try again when it does.`,
    )
  log(`${type}: ${from} does not answer. ${await owedWhenLastSeen(options, to, was)}.`)
  log(`${type}: gateways that reach ${from} and not ${to} may go on writing there; stop them.`)
  log(`${type}: ${to} gets authority in ${times.gone / 1_000} s; end the command to prevent it.`)
  await sleep(times.gone)
  if (!(await isSilent(options, from, type)))
    throw new CrossfadeError('TRY_AGAIN', `${from} answers again, and keeps ${type}; move it in order.`)
  const epoch = was.epoch + epochsLeftOut
  const revision = was.revision + 1
  const next: Flag = { ...was, stage, state: 'steady', target: null, epoch, fresh: null, copied: [], revision }
  if (!(await writeFlag(ledgers[to], copy, next)))
    throw new CrossfadeError('CONFLICT', `The flag of ${type} was changed by someone else; look and try again.`)
  return next
}
