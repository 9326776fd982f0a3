import { z } from 'zod'
import { type Stage, stages } from '../stage/stage.ts'
import { parseAs } from '../stores/ledger.ts'

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
  /** Grows with every move of authority, and where a mirror begins or ends. */
  readonly epoch: number
  /**
   * The epoch since which the store without authority is kept equal; null until a copy has made it so. Until then it
   * answers no reads, is compared with nothing, and gets no authority.
   */
  readonly fresh: number | null
  /** Grows with every change of the flag, over both stores. */
  readonly revision: number
  /** Share of reads, in percent, that already go to the candidate in `shadow`, or stay on the candidate in `live`. */
  readonly readPercent: number
  /** Share of reads, in percent, that are compared. */
  readonly samplePercent: number
}

export function initialFlag(type: string): Flag {
  return {
    type,
    stage: 'off',
    state: 'steady',
    target: null,
    epoch: 1,
    fresh: null,
    revision: 1,
    readPercent: 0,
    samplePercent: 100,
  }
}

const form: z.ZodType<Flag, unknown> = z.object({
  type: z.string(),
  stage: z.enum(stages),
  state: z.enum(['steady', 'draining', 'handed']),
  target: z.enum(stages).nullable(),
  epoch: z.int().min(1),
  fresh: z.int().min(1).nullable().default(null), // whoever wrote none knew of no copy
  revision: z.int().min(1),
  readPercent: z.number().min(0).max(100),
  samplePercent: z.number().min(0).max(100),
})

/** Null for anything that is not a whole, well-formed flag; the caller keeps the last good one. */
export const parseFlag = (value: unknown): Flag | null => parseAs(form, value)
