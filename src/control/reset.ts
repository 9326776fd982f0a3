import type { Stage } from '../stage/stage.ts'
import { otherOrigin } from '../util/origin.ts'
import { type Flag, initialFlag } from './flag.ts'
import type { FinishOptions } from './flag-commit.ts'
import { authorityOf, noFlag, raiseFlag, readCopies } from './flag-store.ts'
import { epochsLeftOut } from './forced-move.ts'
import { settled } from './move.ts'

/**
 * Gives a type a stage whatever its flags say: stores were restored, or copied to another place, and their flags tell of
 * a world that is no more. Under an epoch above all that is known, so that no gateway takes the old ones for the present.
 * Nothing is moved, mirrored or compared: the mirror, where the stage has one, is not fresh.
 *
 * @returns the flag that is in force afterwards.
 * @throws what a store says that does not answer: both have to; TRY_AGAIN where a gateway goes on under the old flag.
 */
export async function resetStage(options: FinishOptions, type: string, stage: Stage): Promise<Flag> {
  const { ledgers } = options
  const { flag } = await readCopies(ledgers, type)
  if (!flag) throw noFlag(type)
  const { samplePercent, members } = flag
  const epoch = flag.epoch + epochsLeftOut
  const next: Flag = { ...initialFlag(type, members), stage, samplePercent, epoch, revision: flag.revision + 1 }
  const home = authorityOf(next)
  // The store that loses authority first: in between nobody writes
  await raiseFlag(ledgers[otherOrigin(home)], next)
  await raiseFlag(ledgers[home], next)
  await settled(options, next)
  return next
}
