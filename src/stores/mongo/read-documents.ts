import type { Document } from 'mongodb'
import { weigh } from '../../util/weigh.ts'
import { decodeBytes } from './codec/unsound.ts'

interface Cursor extends AsyncIterable<unknown> {
  toArray(): Promise<unknown[]>
}

/** With this option a cursor gives each document's bytes, which the driver's types don't say. */
export const asBytes = { raw: true } as const

/** A document of a cursor that was made with `asBytes`. */
export const fromBytes = (bytes: unknown): Document => decodeBytes(bytes as Uint8Array)

/**
 * The documents of a query, as bytes from the driver, and decoded here. It would decode each answer twice where commands
 * are monitored, as those of writers are, and refuse a whole batch for one text that is not UTF-8.
 *
 * @param ask makes the query, with the given options beside its own.
 * @param maxBytes about how many are read: the document that goes past it is the last.
 */
export async function readDocuments(
  ask: (more: typeof asBytes) => Cursor,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<Document[]> {
  const cursor = ask(asBytes)
  // A batch at a time, where the loop waits for each document
  if (!Number.isFinite(maxBytes)) return (await cursor.toArray()).map(fromBytes)
  const documents: Document[] = []
  let left = maxBytes
  for await (const bytes of cursor) {
    const document = fromBytes(bytes)
    documents.push(document)
    left -= weigh(document)
    if (left < 0) break
  }
  return documents
}
