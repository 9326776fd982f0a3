import { BSON, type Document } from 'mongodb'
import { weigh } from '../../util/weigh.ts'
import { decodeBytes } from './codec/unsound.ts'

type Cursor = AsyncIterable<Document>

async function taken<T extends object>(cursor: AsyncIterable<T>, maxBytes: number): Promise<T[]> {
  const documents: T[] = []
  let left = maxBytes
  for await (const document of cursor) {
    documents.push(document)
    if (Number.isFinite(left)) left -= weigh(document)
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
  ask: (more: { readonly raw?: true }) => Cursor,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<Document[]> {
  try {
    return await taken(ask({}), maxBytes)
  } catch (error) {
    if (!(error instanceof BSON.BSONError)) throw error
    // The driver's type of a cursor says documents, also where it gives their bytes
    return (await taken(ask({ raw: true }) as AsyncIterable<Uint8Array>, maxBytes)).map(decodeBytes)
  }
}
