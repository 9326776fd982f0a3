import { z } from 'zod'
import { type Stage, stages } from '../stage/stage.ts'
import { parseAs } from '../stores/ledger.ts'
import type { Json } from '../util/json.ts'

/**
 * The flag of one type, or of a group of types. `stage` is what is in force; `target` is set while a move is under way.
 * - steady: writes go on under `stage`.
 * - draining: writes of its types are held, while what is owed is swept.
 * - handed: this store gave authority away at `epoch`; it grants no writes.
 * - forming: a group that its types are about to join; it grants no writes.
 * - retired: its types go by another flag; it grants no writes.
 */
export interface Flag {
  /** The name of the type, or of the group. */
  readonly type: string
  /** The types that go by it, in the order of their names; a type that moves alone is the only one. Kept when it retires. */
  readonly members: readonly string[]
  readonly stage: Stage
  readonly state: 'steady' | 'draining' | 'handed' | 'forming' | 'retired'
  readonly target: Stage | null
  /** Grows with every move of authority, and where a mirror begins or ends. */
  readonly epoch: number
  /**
   * The epoch since which the store without authority is kept equal; null until a copy has made it so. Until then it
   * answers no reads, is compared with nothing, and gets no authority.
   */
  readonly fresh: number | null
  /** While it is not fresh: the types that a copy has made equal since. The last one makes it so. */
  readonly copied: readonly string[]
  /** Grows with every change of the flag, over both stores. */
  readonly revision: number
  /** Share of reads, in percent, that already go to the candidate in `shadow`, or stay on the candidate in `live`. */
  readonly readPercent: number
  /** Share of reads, in percent, that are compared. */
  readonly samplePercent: number
}

export function initialFlag(type: string, members: readonly string[] = [type]): Flag {
  return {
    type,
    members,
    stage: 'off',
    state: 'steady',
    target: null,
    epoch: 1,
    fresh: null,
    copied: [],
    revision: 1,
    readPercent: 0,
    samplePercent: 100,
  }
}

const form: z.ZodType<Flag, unknown> = z.object({
  type: z.string(),
  members: z.array(z.string()),
  stage: z.enum(stages),
  state: z.enum(['steady', 'draining', 'handed', 'forming', 'retired']),
  target: z.enum(stages).nullable(),
  epoch: z.int().min(1),
  fresh: z.int().min(1).nullable().default(null), // whoever wrote none knew of no copy
  copied: z.array(z.string()).default([]),
  revision: z.int().min(1),
  readPercent: z.number().min(0).max(100),
  samplePercent: z.number().min(0).max(100),
})

/** As a ledger keeps it. */
export const flagJson = (flag: Flag): Json => ({ ...flag, members: [...flag.members], copied: [...flag.copied] })

/** Null for anything that is not a whole, well-formed flag; the caller keeps the last good one. */
export const parseFlag = (value: unknown): Flag | null => parseAs(form, value)
