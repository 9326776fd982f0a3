import type { Entity } from '../entity/entity.ts'
import { collectionOptions, optionProblems } from '../stores/mongo/collection-options.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import { validatorProblems } from '../stores/mongo/validators.ts'
import { unkeptPromises } from './unique-promises.ts'

async function ofEntity(mongo: MongoStore, entity: Entity): Promise<string[]> {
  const made = await collectionOptions(mongo.connection, entity)
  const ofCollection = made ? [...optionProblems(entity, made), ...validatorProblems(entity, made)] : []
  return made && made.type !== 'collection' ? ofCollection : [...ofCollection, ...(await unkeptPromises(mongo, entity))]
}

/**
 * What MongoDB would refuse of a gateway's writes, does by itself, or takes although the mapping promises otherwise: a
 * line each with what to do.
 */
export async function forewarnings(mongo: MongoStore, entities: readonly Entity[]): Promise<string[]> {
  return (await Promise.all(entities.map((entity) => ofEntity(mongo, entity)))).flat()
}
