import type { MismatchKind } from '../compare/mismatch-kind.ts'
import type { Entity, Id } from '../entity/entity.ts'
import type { FieldSet } from '../entity/field-set.ts'
import type { Item } from '../stores/store.ts'
import type { Json } from '../util/json.ts'

/** What a read of one store produced, in a form that two stores' reads can be compared in. */
export type Outcome =
  | {
      readonly is: 'records'
      readonly entity: Entity
      readonly fields: FieldSet
      /** One list for each parent or key; a plain list has the key ''. */
      readonly lists: ReadonlyMap<string, readonly Item[]>
      /** False for look-ups by id, whose order means nothing. */
      readonly ordered: boolean
      /** What each list was cut to; left out where it was not. */
      readonly limit?: number
    }
  | {
      readonly is: 'value'
      readonly value: Json
      /** The value as it may be shown; left out where all of it may. */
      readonly shown?: (value: Json) => Json
    }

/** One place where control and candidate differ, and nothing on its way can explain it. */
export interface Finding {
  readonly kind: Exclude<MismatchKind, 'error'>
  readonly path: string
  readonly id: Id | null
  readonly control: Json
  readonly candidate: Json
  readonly controlVersion: string | null
  readonly candidateVersion: string | null
}
