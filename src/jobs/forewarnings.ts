import type { Entity } from '../entity/entity.ts'
import { collectionOptions, optionProblems } from '../stores/mongo/collection-options.ts'
import { failureOf } from '../stores/mongo/errors.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import { validatorProblems } from '../stores/mongo/validators.ts'
import { unkeptPromises } from './unique-promises.ts'

/** Who may not look is told so, and kept from nothing. */
function unseen(error: unknown, { name, mongo }: Entity): string[] {
  if (failureOf(error) !== 'forbidden') throw error
  const rights = 'listCollections and listIndexes'
  return [
    `${name}: the user of MONGODB_URI may not ${rights} on ${mongo}, so its rules were not read: see docs/security.md.`,
  ]
}

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
  return (
    await Promise.all(
      entities.map((entity) => ofEntity(mongo, entity).catch((error: unknown) => unseen(error, entity))),
    )
  ).flat()
}
