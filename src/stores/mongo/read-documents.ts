import type { Document } from 'mongodb'
import { arrivedOf } from '../../util/ending.ts'
import { onceFor } from '../../util/once-for.ts'
import { weigh } from '../../util/weigh.ts'
import { decodeBytes } from './codec/unsound.ts'

interface Cursor<T> extends AsyncIterable<T> {
  toArray(): Promise<T[]>
  readBufferedDocuments(): T[]
}

interface Reading {
  /** Told of what arrives, where it is one that is, see `Ending`. */
  readonly signal?: AbortSignal | undefined
  /** What documents are alike that are read for it, as a selection of fields; default: nothing is known of them. */
  readonly of?: object
  /** About how many bytes are read: the document that goes past it is the last. */
  readonly maxBytes?: number
}

/** Bytes of one batch, about: what is too much is so before the next one. The server's own batches have 16 MB. */
const batchBytes = 2_000_000

/** The documents of a batch where they are small, as the server has them in the first. */
const smallBatch = 100

interface Mean {
  bytes: number
}

/** How many bytes documents have that are alike, by those that were read last. */
const meanOf = onceFor((_: object): Mean => ({ bytes: 0 }))

function learn(mean: Mean, documents: readonly Uint8Array[]): void {
  if (documents.length === 0) return
  const bytes = documents.reduce((sum, { byteLength }) => sum + byteLength, 0)
  // Large ones are not forgotten for one page of small ones
  mean.bytes = Math.max(bytes / documents.length, mean.bytes * 0.9)
}

const batchOf = ({ bytes }: Mean): { batchSize?: number } =>
  bytes * smallBatch > batchBytes ? { batchSize: Math.max(1, Math.floor(batchBytes / bytes)) } : {}

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
  ask: (more: typeof asBytes & { batchSize?: number }) => Cursor<unknown>,
  { signal, maxBytes, of }: Reading = {},
): Promise<Document[]> {
  const mean = of && meanOf(of)
  const cursor = ask(mean ? { ...asBytes, ...batchOf(mean) } : asBytes)
  if (maxBytes === undefined) {
    const all = (await readAll(cursor, signal, byteLength)) as Uint8Array[]
    if (mean) learn(mean, all)
    return all.map(fromBytes)
  }
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
