import type { Entity } from '../entity/entity.ts'
import type { Combined, Conditions, Tests } from '../entity/filter-in.ts'

interface ById<E extends Entity> {
  readonly id?: Tests<string | number, E['idKind']> | null | undefined
}

/**
 * Conditions by path, all of which must hold; several on one field likewise. Null is as if left out, but for `eq` and
 * `ne`, where it asks for what is null or missing.
 */
export type FilterOf<E extends Entity> = Conditions<E['fields']> & ById<E> & Combined<FilterOf<E>>
