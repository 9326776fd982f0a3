import type { CollectionInfo, Document } from 'mongodb'
import type { Entity } from '../../entity/entity.ts'
import type { MongoConnection } from './connection.ts'
import { collationText } from './unique-keys.ts'

/** How an entity's collection was made. */
export interface CollectionOptions {
  /** `collection`, `view`, `timeseries`. */
  readonly type: string
  readonly options: Document
}

/** Null where there is no such collection. */
export async function collectionOptions({ db }: MongoConnection, { mongo }: Entity): Promise<CollectionOptions | null> {
  const [found] = await db.listCollections<CollectionInfo>({ name: mongo }).toArray()
  return found ? { type: found.type ?? 'collection', options: found.options ?? {} } : null
}

/** What a collection does by itself that PostgreSQL does not, and what it cannot: a line each. */
export function optionProblems(entity: Entity, { type, options }: CollectionOptions): string[] {
  const problems: string[] = []
  if (type !== 'collection') problems.push(`is a ${type}, which takes no changes of single documents: map its source`)
  if (options['capped'] === true)
    problems.push(
      'is capped: MongoDB drops its oldest documents by itself, and rows stay until a backfill removes them',
    )
  const collation: Document | undefined = options['collation']
  if (collation && collation['locale'] !== 'simple') {
    const what = `has the collation ${collationText(collation)}: MongoDB finds and orders its texts by it`
    problems.push(`${what}, PostgreSQL by code points, so that answers differ`)
  }
  return problems.map((problem) => `${entity.name}: the collection ${entity.mongo} ${problem}.`)
}
