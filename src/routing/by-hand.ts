import type { MongoHand } from '../stores/mongo/hand.ts'
import type { PostgresHand } from '../stores/postgres/hand.ts'

/**
 * Writes of one type that are written by hand for each store: what patches cannot say. The side of the store with authority
 * is run. It should do nothing but ask its store and answer, since it may be called again where another write came in
 * between.
 */
export interface ByHand<T> {
  readonly mongo: (hand: MongoHand) => Promise<T>
  readonly postgres: (hand: PostgresHand) => Promise<T>
}
