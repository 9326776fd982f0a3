import type { Collection, Document } from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import type { LeafPathOf } from '../../entity/path.ts'
import type { WhereOf } from '../../query/where.ts'
import type { StoredId } from './stored.ts'

/** A document of a write by hand, with an `_id` of any kind that mappings have. */
export interface HandDocument extends Document {
  readonly _id?: StoredId | number
}

/**
 * The documents of a type as the driver's collection, without those of other types and those that are not part of the API. Each call
 * takes part in the transaction, and what it changes gets its version and its mark; cursors are asked while nothing is
 * written. A document holds `_cf` beside its own paths, which is not the caller's to change.
 */
export type HandCollection = Pick<
  Collection<HandDocument>,
  | 'find'
  | 'findOne'
  | 'aggregate'
  | 'countDocuments'
  | 'insertOne'
  | 'insertMany'
  | 'updateOne'
  | 'updateMany'
  | 'replaceOne'
  | 'findOneAndUpdate'
  | 'deleteOne'
  | 'deleteMany'
  | 'findOneAndDelete'
>

/** What a write by hand gets in MongoDB. Nothing of it can be used behind its end. */
export interface MongoHand {
  readonly collection: HandCollection
  /** The query AST as a filter document. @throws BAD_USER_INPUT as `patchWhen` does. */
  match<E extends Entity>(entity: E, where: WhereOf<E['fields']>): Document
  /** A field's decoded value as an expression: null where the stored one is dirty. */
  value<E extends Entity>(entity: E, path: LeafPathOf<E>): Document
}
