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
  /** Why a gateway has set `readPercent` to 0; null where none has, or somebody has set the share since. */
  readonly returned: Returned | null
  /** What a provider of flags asks for; null where none has. */
  readonly desired: Desired | null
}

/** The reads that had gone to the other store answer from the authority again, until somebody sets the share. */
export type Returned = {
  /** By the gateway's clock. */
  readonly at: string
  readonly by: string
  readonly why: string
  /** The share that they were. */
  readonly readPercent: number
}

/**
 * What a provider of flags asks for one type, as far as it has been taken: the stage is only shown, and a share is in
 * force from then on, until somebody else sets it. Null is what the provider says nothing of.
 */
export type Desired = {
  readonly stage: Stage | null
  readonly readPercent: number | null
  readonly samplePercent: number | null
}

/** The epoch since which what was compared tells of this mirror. */
export const keptSince = ({ fresh, epoch }: Flag): number => fresh ?? epoch

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
    returned: null,
    desired: null,
  }
}

const percent = z.number().min(0).max(100)

const returned: z.ZodType<Returned> = z.object({
  at: z.string(),
  by: z.string(),
  why: z.string(),
  readPercent: percent,
})

const desired: z.ZodType<Desired> = z.object({
  stage: z.enum(stages).nullable(),
  readPercent: percent.nullable(),
  samplePercent: percent.nullable(),
})

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
  readPercent: percent,
  samplePercent: percent,
  // These only tell: a flag is in force without them
  returned: returned.nullable().catch(null),
  desired: desired.nullable().catch(null),
})

/** As a ledger keeps it. */
export const flagJson = (flag: Flag): Json => ({ ...flag, members: [...flag.members], copied: [...flag.copied] })

/** Null for anything that is not a whole, well-formed flag; the caller keeps the last good one. */
export const parseFlag = (value: unknown): Flag | null => parseAs(form, value)
