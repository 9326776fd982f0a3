import type { Document } from 'mongodb'
import type { Entity, Id } from '../../src/entity/entity.ts'
import type { OrderKey } from '../../src/query/order.ts'
import type { Where } from '../../src/query/where.ts'

/** A shape that live collections have, as a small collection and what must become of it. */
export interface Scenario {
  /** One line: what the shape is, and how it is carried. */
  readonly title: string
  readonly entity: Entity
  /** What Mongo holds. */
  readonly documents: readonly Document[]
  /** What both stores read, in id order. */
  readonly records: readonly Readonly<Record<string, unknown>>[]
  /** What no record holds: the document's id, the path and the rule. Everything else must survive a way there and back. */
  readonly issues?: readonly (readonly [id: Id, path: string, rule: string])[]
  /** How those come back that hold values of another kind, or converted ones: as the field's own kind stores them. */
  readonly normalised?: readonly Document[]
  /** Documents whose id has no record, as Extended JSON. */
  readonly quarantined?: readonly string[]
  readonly finds?: readonly {
    readonly where: Where
    readonly order?: readonly OrderKey[]
    readonly ids: readonly Id[]
  }[]
}

export const scenario = (given: Scenario): Scenario => given
