import type { Entity, Id } from '../entity/entity.ts'
import type { FieldSet } from '../entity/field-set.ts'
import type { Item } from '../stores/store.ts'
import type { Json } from '../util/json.ts'
import type { Origin } from '../util/origin.ts'
import type { SpanIds } from '../util/trace.ts'
import type { Outcome } from './outcome.ts'

export type Side = 'control' | 'candidate'

/** One sampled read. Knows no database: what to run comes as functions. */
export interface Experiment {
  readonly entity: Entity
  /** What was read of its records; null where a whole value is compared. */
  readonly fields: FieldSet | null
  /** Of the flag that the read was decided by. */
  readonly epoch: number
  /** `Query.movies`, `Movie.comments`: where the contract reads it. */
  readonly resolver: string
  /** Types whose records are part of the result. */
  readonly types: readonly string[]
  /** The span of the client's read; default: it is not traced. */
  readonly seenIn?: SpanIds | null
  readonly stores: Readonly<Record<Side, Origin>>
  /** As they may be shown; asked for only where something is to be told. */
  readonly args: () => Json
  /** What answered the client. */
  readonly control: () => Outcome
  /** What it takes in memory at most, as the store has sent it. */
  readonly bytes: number
  /** How long the client's read took, in milliseconds. */
  readonly controlMs: number
  readonly candidate: () => Promise<Outcome>
  /** Reads the control again. */
  readonly again: () => Promise<Outcome>
  /** Whole records of the type by id, as one side holds them. */
  readonly records: (side: Side, ids: readonly Id[]) => Promise<ReadonlyMap<Id, Item>>
}

/** An experiment without what answered the client, which is not held longer than it must. */
export type Question = Omit<Experiment, 'control' | 'bytes' | 'controlMs'>
