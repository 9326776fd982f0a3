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
    }
  | { readonly is: 'value'; readonly value: Json }

/** One place where control and candidate differ. */
export interface Finding {
  /** `lag` where the versions differ; such a finding is never published as it is. */
  readonly kind: 'divergence' | 'missing' | 'extra' | 'order' | 'lag'
  readonly path: string
  readonly id: Id | null
  readonly control: Json
  readonly candidate: Json
  readonly controlVersion: string | null
  readonly candidateVersion: string | null
}
