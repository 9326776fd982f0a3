import { STAGE_PLAN } from '../stage/stage.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Origin } from '../util/origin.ts'
import type { Flag } from './flag.ts'

/** Why what writes to a store, and is no gateway, would not be seen there; null where it is. */
export type Unseen = (type: string, origin: Origin) => Promise<string | null>

/**
 * Whether a change makes a store one whose writers have to be seen: where its mirror begins, and where PostgreSQL gets
 * authority. Where MongoDB gets it back, it was asked when the mirror began.
 */
function beginsToMatter(was: Flag, next: Flag): boolean {
  const [before, after] = [STAGE_PLAN[was.stage], STAGE_PLAN[next.stage]]
  if (after.mirror === null) return false
  return before.mirror === null || (before.authority === 'mongo' && after.authority === 'postgres')
}

/** @throws BAD_USER_INPUT where the mirror would miss what others write, and nobody has said that there are none. */
export async function checkOtherWriters(unseen: Unseen | undefined, was: Flag, next: Flag): Promise<void> {
  if (!unseen || !beginsToMatter(was, next)) return
  const why = await unseen(was.type, STAGE_PLAN[next.stage].authority)
  if (why === null) return
  const remedy = 'Where there are none, or none any more, say so: --no-other-writers'
  throw new CrossfadeError('BAD_USER_INPUT', `${was.type} cannot be ${next.stage} yet: ${why}. ${remedy}.`)
}
