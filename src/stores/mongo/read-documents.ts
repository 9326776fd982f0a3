import { BSON, type Document } from 'mongodb'
import { weigh } from '../../util/weigh.ts'
import { decodeBytes } from './codec/unsound.ts'

interface Cursor<T> extends AsyncIterable<T> {
  toArray(): Promise<T[]>
}

async function taken<T extends object>(cursor: Cursor<T>, maxBytes: number): Promise<T[]> {
  // A batch at a time, where the loop waits for each document
  if (!Number.isFinite(maxBytes)) return cursor.toArray()
  const documents: T[] = []
  let left = maxBytes
  for await (const document of cursor) {
    documents.push(document)
    left -= weigh(document)
    if (left < 0) break
  }
  return documents
}

/**
 * The documents of a query. The driver refuses a whole batch for one text that is not UTF-8: such a batch is read again
 * as bytes, and each document decoded by itself.
 *
 * @param ask makes the query, with the given options beside its own.
 * @param maxBytes about how many are read: the document that goes past it is the last.
 */
export async function readDocuments(
  ask: (more: { readonly raw?: true }) => Cursor<Document>,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<Document[]> {
  try {
    return await taken(ask({}), maxBytes)
  } catch (error) {
    if (!(error instanceof BSON.BSONError)) throw error
    // The driver's type of a cursor says documents, also where it gives their bytes
    return (await taken(ask({ raw: true }) as Cursor<Uint8Array>, maxBytes)).map((bytes) => decodeBytes(bytes))
  }
}
