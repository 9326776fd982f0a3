import { z } from 'zod'
import type { Id } from '../entity/entity.ts'
import { parseAs } from '../stores/ledger.ts'
import type { IdRange } from '../stores/store.ts'
import type { Json } from '../util/json.ts'
import { nothingYet, type Tally, tallyForm } from './tally.ts'

/** What PostgreSQL's ledger keeps of one range of a copy: who works on it, and how far it is. */
export interface RangeState extends Tally {
  /** Of the copy; a state of another one is none. */
  readonly copy: string
  /** Null where nobody works on it. */
  readonly owner: string | null
  /** Why its owner goes slowly; null where nothing says so. */
  readonly slow: string | null
  /** Tries since the last batch that did not end in order: the process died, or met a fault. */
  readonly attempts: number
  /** Where the next batch begins. */
  readonly after: Id | null
  /** What its documents have told of their paths, see `MongoStore.survey`. */
  readonly odd: readonly string[]
  readonly done: boolean
}

const form: z.ZodType<RangeState> = z.object({
  ...tallyForm,
  copy: z.string(),
  owner: z.string().nullable(),
  slow: z.string().nullable(),
  attempts: z.int(),
  after: z.union([z.string(), z.number()]).nullable(),
  odd: z.array(z.string()),
  done: z.boolean(),
})

/** Kind of the entries of one type's ranges, by their number. */
export const rangeKind = (type: string): string => `backfill/${type}`

export const rangeKey = (n: number): string => String(n).padStart(4, '0')

export const firstState = (copy: string, { after }: IdRange): RangeState => ({
  ...nothingYet,
  copy,
  owner: null,
  slow: null,
  attempts: 0,
  after,
  odd: [],
  done: false,
})

export const stateJson = ({ odd, ...state }: RangeState): Json => ({ ...state, odd: [...odd] })

/** Null where it is of another copy, or in another form. */
export function parseState(copy: string, value: Json): RangeState | null {
  const state = parseAs(form, value)
  return state?.copy === copy ? state : null
}

/** How long whoever works on a range may be silent before others go on with it, by the ledger's clock. */
export const silentMs = 15_000

const longestRestMs = 300_000

/** How long a range rests behind tries that failed, so that a fault does not keep all workers busy. */
const restMs = (attempts: number): number => (attempts === 0 ? 0 : Math.min(longestRestMs, 1_000 * 2 ** attempts))

/**
 * Whether anybody may go on with a range.
 *
 * @param ageMs since it was last written.
 * @param isRested whether one that failed is left to rest.
 */
export function isFree(state: RangeState, ageMs: number, isRested: boolean): boolean {
  if (state.done) return false
  if (state.owner !== null) return ageMs > silentMs
  return !isRested || ageMs >= restMs(state.attempts)
}
