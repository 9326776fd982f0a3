import type { Flag } from '../control/flag.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import type { Origin } from '../util/origin.ts'

/** What a sweep, and whoever follows other writers, goes by. */
export interface Standing {
  readonly authority: Origin
  /** Whether the other store is kept equal to it. */
  readonly isMirrored: boolean
  /** Whether the mirror answers reads of the type: what it is owed is looked at more often then. */
  readonly isRead: boolean
  /** Of the flag that is known. */
  readonly epoch: number
  /** Of the flag under which a write might begin now; 0 where none might. */
  readonly confirmedEpoch: number
}

/** As the flag has it; whether a store confirms it is for others to say. */
export function standingOf({ stage, epoch, readPercent }: Flag): Omit<Standing, 'confirmedEpoch'> {
  const { authority, mirror } = STAGE_PLAN[stage]
  return { authority, isMirrored: mirror !== null, isRead: readPercent > 0, epoch }
}
