import type { Origin } from '../util/origin.ts'

/** How far a type has moved, in order. */
export const stages = ['off', 'dualwrite', 'shadow', 'live', 'rampdown', 'complete'] as const

export type Stage = (typeof stages)[number]

export const isStage = (value: unknown): value is Stage => stages.some((stage) => stage === value)

/** What a stage means for reads and writes of a type. */
export interface StagePlan {
  /** The store that answers reads. */
  readonly reads: Origin
  /** The store that reads are compared with, by sample; null compares nothing. */
  readonly candidate: Origin | null
  /** The store whose write is acknowledged. */
  readonly authority: Origin
  /** The store that is owed every write; null where there is none. */
  readonly mirror: Origin | null
}

/** The only place where behaviour differs by stage. */
export const STAGE_PLAN = {
  off: { reads: 'mongo', candidate: null, authority: 'mongo', mirror: null },
  dualwrite: { reads: 'mongo', candidate: null, authority: 'mongo', mirror: 'postgres' },
  shadow: { reads: 'mongo', candidate: 'postgres', authority: 'mongo', mirror: 'postgres' },
  live: { reads: 'postgres', candidate: 'mongo', authority: 'postgres', mirror: 'mongo' },
  rampdown: { reads: 'postgres', candidate: null, authority: 'postgres', mirror: 'mongo' },
  complete: { reads: 'postgres', candidate: null, authority: 'postgres', mirror: null },
} as const satisfies Record<Stage, StagePlan>

/** True while MongoDB has authority and PostgreSQL follows: what MongoDB has is to be in both. */
export const isCopied = (stage: Stage): boolean =>
  STAGE_PLAN[stage].authority === 'mongo' && STAGE_PLAN[stage].mirror !== null

/** True where going from one stage to the other begins or ends a mirror: what was kept before is not any more. */
export const changesMirror = (from: Stage, to: Stage): boolean =>
  STAGE_PLAN[from].mirror !== STAGE_PLAN[to].mirror && !movesAuthority(from, to)

/** True where going from one stage to the other moves authority between the stores. */
export const movesAuthority = (from: Stage, to: Stage): boolean =>
  STAGE_PLAN[from].authority !== STAGE_PLAN[to].authority
