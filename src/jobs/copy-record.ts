import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Entity, Id } from '../entity/entity.ts'
import { mappingDigest } from '../entity/mapping-digest.ts'
import { parseAs } from '../stores/ledger.ts'
import type { IdRange } from '../stores/store.ts'
import type { Json } from '../util/json.ts'
import { type Origin, origins } from '../util/origin.ts'
import { nothingYet, type Tally, tallyForm } from './tally.ts'

/** What PostgreSQL's ledger keeps of the last copy of a type, by the type's name, see `copyKind`. */
export interface CopyRecord extends Tally {
  /** Ranges name the copy that they belong to. */
  readonly id: string
  readonly type: string
  /** The store that is copied. */
  readonly from: Origin
  /** The flag's, which the copy belongs to: one of another is begun anew. Null where there is no flag. */
  readonly epoch: number | null
  /** Likewise, of the mapping, see `mappingDigest`. */
  readonly mapping: string
  readonly total: number | null
  /** Ids in order that end a range each, with it; null where nobody has asked for ranges yet. */
  readonly cuts: readonly Id[] | null
  /** What the documents have told of their paths up to the beginning, see `MongoStore.survey`. */
  readonly survey: Json
  /** What became of the records is counted here once it is done, and by the ranges until then. */
  readonly done: boolean
  /** When it was complete, by the clock of the host; null while it is not. */
  readonly ended: string | null
}

const id = z.union([z.string(), z.number()])

const form: z.ZodType<CopyRecord> = z.object({
  ...tallyForm,
  id: z.string(),
  type: z.string(),
  from: z.enum(origins),
  epoch: z.int().nullable(),
  mapping: z.string(),
  total: z.number().nullable(),
  cuts: z.array(id).nullable(),
  survey: z.json() as z.ZodType<Json>,
  done: z.boolean(),
  ended: z.string().nullable(),
})

/** A copy that begins. */
export const firstCopy = (entity: Entity, from: Origin, epoch: number | null): CopyRecord => ({
  ...nothingYet,
  id: randomUUID(),
  type: entity.name,
  from,
  epoch,
  mapping: mappingDigest(entity),
  total: null,
  cuts: null,
  survey: null,
  done: false,
  ended: null,
})

export const copyJson = ({ cuts, ...copy }: CopyRecord): Json => ({ ...copy, cuts: cuts && [...cuts] })

export const parseCopy = (value: Json): CopyRecord | null => parseAs(form, value)

/** Whether an unfinished copy is one that goes on under what holds now: direction, epoch and mapping. */
export const goesOn = (kept: CopyRecord, { from, epoch, mapping }: CopyRecord): boolean =>
  !kept.done && kept.from === from && kept.epoch === epoch && kept.mapping === mapping

/** The ranges of the ids, in order: the first and the last have an open end, where ids of other kinds are as well. */
export function rangesOf({ cuts }: Pick<CopyRecord, 'cuts'>): IdRange[] {
  const ends = [null, ...(cuts ?? []), null]
  return ends.slice(1).map((upTo, n) => ({ after: ends[n]!, upTo }))
}
