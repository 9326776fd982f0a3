import type { Entity } from '../entity/entity.ts'
import type { FieldSet } from '../entity/field-set.ts'
import type { Outcome } from '../shadow/outcome.ts'
import type { Json } from '../util/json.ts'
import type { ReadSource } from './routing.ts'

/** One routed read: the same question to either store. */
export interface Read<T> {
  readonly entity: Entity
  /**
   * What it returns is handed out by a loader, which counts it for each parent: a record that was read once may stand in
   * the answer a million times.
   */
  readonly isShared?: true
  /** Other types whose records the result depends on. */
  readonly also?: readonly Entity[]
  readonly resolver: string
  /** What is read of the records; null where the result is no list of them. */
  readonly fields: FieldSet | null
  /** As they may be shown, see `shadow/redact`; asked for only where something is to be told. */
  readonly args: () => Json
  /** The signal ends what is asked for a client; nothing ends what is asked to compare but its own limits. */
  readonly ask: (source: ReadSource, signal?: AbortSignal) => Promise<T>
  /** The result in comparable form. */
  readonly outcome: (result: T) => Outcome
}
