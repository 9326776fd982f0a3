import type { Document } from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import { leafAt } from '../../entity/leaf-at.ts'
import type { LeafPathOf } from '../../entity/path.ts'
import type { WhereOf } from '../../query/where.ts'
import { askedCondition } from '../../query/written-condition.ts'
import { weigh } from '../../util/weigh.ts'
import { decoded } from './codec/expression.ts'
import type { MongoConnection } from './connection.ts'
import { readAll } from './read-documents.ts'
import { visible } from './visible.ts'
import { translate } from './where.ts'

/** What a bespoke resolver gets on the Mongo side. */
export interface MongoSide {
  /** Runs a pipeline on an entity's collection; documents that are not part of the API are left out. */
  aggregate<T>(entity: Entity, pipeline: readonly Document[]): Promise<T[]>
  /** The query AST as a filter document. @throws BAD_USER_INPUT for values that are not of their kind. */
  match<E extends Entity>(entity: E, where: WhereOf<E['fields']>): Document
  /** A field's decoded value as an expression: null where the stored one is dirty. */
  value<E extends Entity>(entity: E, path: LeafPathOf<E>): Document
}

/** @param signal ends what is asked, see `Reader`. */
export function mongoSide(connection: MongoConnection, signal?: AbortSignal): MongoSide {
  return {
    aggregate(entity, pipeline) {
      const options = { maxTimeMS: connection.maxTimeMs, signal }
      const cursor = connection.collection(entity).aggregate<never>([{ $match: visible(entity) }, ...pipeline], options)
      return readAll<never>(cursor, signal, weigh)
    },
    match: (entity, where) => translate(connection, entity, askedCondition(entity, where)),
    value: (entity, path) => decoded(leafAt(entity, path)),
  }
}
