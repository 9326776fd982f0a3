import { BSON, type Document } from 'mongodb'
import type { Entity } from '../entity/entity.ts'
import { alive } from '../stores/mongo/bookkeeping.ts'
import { relaxed } from '../stores/mongo/codec/extended-json.ts'
import type { MongoConnection } from '../stores/mongo/connection.ts'
import { isDuplicate } from '../stores/mongo/errors.ts'
import type { Json } from '../util/json.ts'

/** Documents of a mongoexport file: one JSON array, or one document a line. @throws SyntaxError with the line. */
export function parseExport(text: string): Json[] {
  if (text.trimStart().startsWith('[')) return JSON.parse(text)
  const lines = text.split('\n')
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    try {
      return [JSON.parse(line)]
    } catch (error) {
      throw new SyntaxError(`line ${index + 1}: ${(error as Error).message}`)
    }
  })
}

const batch = 500

/** Inserts documents in Extended JSON that are not there yet, by id. Returns how many were new. */
export async function insertExported(
  connection: MongoConnection,
  collection: string,
  documents: readonly Json[],
): Promise<number> {
  let inserted = 0
  for (let start = 0; start < documents.length; start += batch) {
    const operations = documents.slice(start, start + batch).map((json) => {
      const { json: document }: Document = BSON.EJSON.deserialize({ json })
      return { updateOne: { filter: { _id: document['_id'] }, update: { $setOnInsert: document }, upsert: true } }
    })
    const result = await connection.db.collection(collection).bulkWrite(operations, { ordered: false })
    inserted += result.upsertedCount
  }
  return inserted
}

export async function createMongoIndex(
  connection: MongoConnection,
  collection: string,
  keys: Readonly<Record<string, 1 | -1>>,
  unique: boolean,
): Promise<void> {
  await connection.db.collection(collection).createIndex({ ...keys }, { unique })
}

/** An index of sample data. */
export interface SampleIndex {
  readonly keys: Readonly<Record<string, 1 | -1>>
  readonly unique?: boolean
}

/**
 * Fills one collection and makes its indexes. Safe to repeat.
 *
 * @returns the unique indexes that the documents do not allow, as `email` or `a, b`.
 */
export async function loadSample(
  connection: MongoConnection,
  collection: string,
  documents: readonly Json[],
  indexes: readonly SampleIndex[] = [],
): Promise<string[]> {
  await insertExported(connection, collection, documents)
  const left: string[] = []
  for (const { keys, unique } of indexes)
    await createMongoIndex(connection, collection, keys, unique === true).catch((error: unknown) => {
      if (!isDuplicate(error)) throw error
      left.push(Object.keys(keys).join(', '))
    })
  return left
}

/** Some documents of an entity in Extended JSON, spread over the collection in id order. */
export async function sampleDocuments(connection: MongoConnection, entity: Entity, count: number): Promise<Json[]> {
  const collection = connection.collection(entity)
  const total = await collection.countDocuments(alive)
  const step = Math.max(1, Math.floor(total / count))
  const documents: Json[] = []
  for (let index = 0; index < total && documents.length < count; index += step) {
    const [document] = await collection.find(alive, { sort: { _id: 1 }, skip: index, limit: 1 }).toArray()
    if (document) documents.push(relaxed(document))
  }
  return documents
}
