import type { Document } from 'mongodb'
import { arrivedOf } from '../../util/ending.ts'
import { weigh } from '../../util/weigh.ts'
import { decodeBytes } from './codec/unsound.ts'

interface Cursor<T> extends AsyncIterable<T> {
  toArray(): Promise<T[]>
  readBufferedDocuments(): T[]
}

interface Reading {
  /** Told of what arrives, where it is one that is, see `Ending`. */
  readonly signal?: AbortSignal | undefined
  /** About how many bytes are read: the document that goes past it is the last. */
  readonly maxBytes?: number
}

/** With this option a cursor gives each document's bytes, which the driver's types don't say. */
export const asBytes = { raw: true } as const

const byteLength = (bytes: unknown): number => (bytes as Uint8Array).byteLength

/** A document of a cursor that was made with `asBytes`. */
export const fromBytes = (bytes: unknown): Document => decodeBytes(bytes as Uint8Array)

/**
 * All that a cursor has, told to the signal's call as it arrives: what is too much is so before the next batch is asked for.
 *
 * @param sizeOf bytes of one.
 */
export async function readAll<T>(
  cursor: Cursor<T>,
  signal: AbortSignal | undefined,
  sizeOf: (each: T) => number,
): Promise<T[]> {
  const arrived = arrivedOf(signal)
  if (!arrived) return cursor.toArray()
  const all: T[] = []
  const take = (each: T): void => {
    arrived(sizeOf(each))
    all.push(each)
  }
  for await (const first of cursor) {
    take(first)
    for (const each of cursor.readBufferedDocuments()) take(each) // the loop alone would wait for each
  }
  return all
}

/**
 * The documents of a query, as bytes from the driver, and decoded here. It would decode each answer twice where commands
 * are monitored, as those of writers are, and refuse a whole batch for one text that is not UTF-8.
 *
 * @param ask makes the query, with the given options beside its own.
 */
export async function readDocuments(
  ask: (more: typeof asBytes) => Cursor<unknown>,
  { signal, maxBytes }: Reading = {},
): Promise<Document[]> {
  const cursor = ask(asBytes)
  if (maxBytes === undefined) return (await readAll(cursor, signal, byteLength)).map(fromBytes)
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
