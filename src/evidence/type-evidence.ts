import type { Flag } from '../control/flag.ts'
import type { Entity } from '../entity/entity.ts'
import { mappingDigest } from '../entity/mapping-digest.ts'
import { type Stage, stages } from '../stage/stage.ts'
import type { Ledger } from '../stores/ledger.ts'
import type { GateState } from './look-at.ts'
import { lastSignOff, type SignOff } from './sign-off.ts'

/** What is proved about a type, for one change of its stage. */
export interface TypeEvidence {
  readonly type: string
  readonly from: Stage
  readonly to: Stage
  readonly epoch: number
  /** Of the mapping that it is said of, see `mappingDigest`. */
  readonly mapping: string
  /** By the host's clock. */
  readonly at: string
  readonly gates: readonly GateState[]
  /** The last; it may be of an earlier state. */
  readonly signOff: SignOff | null
}

/** Where a type goes next, if nobody says otherwise. */
export const nextStage = (stage: Stage): Stage => stages[Math.min(stages.indexOf(stage) + 1, stages.length - 1)]!

/** @param ledger PostgreSQL's, where names are put to evidence. @param gates what was found, see `lookAt`. */
export async function typeEvidence(
  ledger: Ledger,
  entity: Entity,
  flag: Flag,
  to: Stage,
  gates: readonly GateState[],
): Promise<TypeEvidence> {
  return {
    type: entity.name,
    from: flag.stage,
    to,
    epoch: flag.epoch,
    mapping: mappingDigest(entity),
    at: new Date().toISOString(),
    gates,
    signOff: await lastSignOff(ledger, entity),
  }
}
