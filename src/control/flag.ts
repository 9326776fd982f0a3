import { isStage, type Stage } from '../stage/stage.ts'
import type { Json } from '../util/json.ts'
import { isPlainObject } from '../util/json.ts'

/**
 * The flag of one type. `stage` is what is in force; `target` is set while a move is under way.
 * - steady: writes go on under `stage`.
 * - draining: writes of the type are held, while what is owed is swept.
 * - handed: this store gave authority away at `epoch`; it grants no writes.
 */
export interface Flag {
  readonly type: string
  readonly stage: Stage
  readonly state: 'steady' | 'draining' | 'handed'
  readonly target: Stage | null
  /** Grows with every move of authority. */
  readonly epoch: number
  /** Grows with every change of the flag, over both stores. */
  readonly revision: number
  /** Share of reads, in percent, that already go to the candidate in `shadow`, or stay on the candidate in `live`. */
  readonly readPercent: number
  /** Share of reads, in percent, that are compared. */
  readonly samplePercent: number
}

export const flagKind = 'flag'

export function initialFlag(type: string): Flag {
  return {
    type,
    stage: 'off',
    state: 'steady',
    target: null,
    epoch: 1,
    revision: 1,
    readPercent: 0,
    samplePercent: 100,
  }
}

const states = ['steady', 'draining', 'handed'] as const satisfies readonly Flag['state'][]
const stateOf = (value: unknown): Flag['state'] | undefined => states.find((state) => state === value)
const isPercent = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 100
const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 1

/** Null for anything that is not a whole, well-formed flag; the caller keeps the last good one. */
export function parseFlag(value: Json): Flag | null {
  if (!isPlainObject(value)) return null
  const { type, stage, target, epoch, revision, readPercent, samplePercent } = value
  const state = stateOf(value['state'])
  if (typeof type !== 'string' || !isStage(stage) || !state) return null
  if (target !== null && !isStage(target)) return null
  if (!isCount(epoch) || !isCount(revision) || !isPercent(readPercent) || !isPercent(samplePercent)) return null
  return { type, stage, state, target, epoch, revision, readPercent, samplePercent }
}
