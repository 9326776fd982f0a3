import { setImmediate } from 'node:timers/promises'
import { ReadPreference, type ReadPreferenceMode } from 'mongodb'
import type { Entity } from '../../../entity/entity.ts'
import type { MongoConnection } from '../connection.ts'
import { documentsOf } from '../documents-of.ts'

/** The modes; the class has instances of itself among its constants. */
export const readPreferences = Object.values(ReadPreference).filter((mode) => typeof mode === 'string')

/** What is read, from where, and how fast. */
export interface Reading {
  /** Documents that are looked at, chosen by chance; null: all. */
  readonly sample: number | null
  /** Default: the primary. */
  readonly readPreference?: ReadPreferenceMode | undefined
  /** Documents a second at most, as far as `pass` sees to it; default: as fast as both sides can. */
  readonly rate?: number | undefined
  /** Waits behind each batch until the next may be read. */
  readonly pass?: ((documents: number) => Promise<void>) | undefined
  readonly signal?: AbortSignal | undefined
}

/** A batch is 16 MB at most whatever is asked, and is looked at before the process hears of anything else. */
const batchSize = 1_000

/** The collection as a profile reads it. */
export const readFrom = ({ db }: MongoConnection, entity: Entity, { readPreference = 'primary' }: Reading) =>
  documentsOf(db, entity, { readPreference })

/** Bytes of documents, a batch at a time; the next one is on its way while one is looked at. */
export async function* rawDocuments(
  connection: MongoConnection,
  entity: Entity,
  reading: Reading,
): AsyncGenerator<readonly Uint8Array[]> {
  const { sample, rate, pass, signal } = reading
  const collection = readFrom(connection, entity, reading)
  // A cursor that nobody asks for ten minutes is closed by the server: of a slow reading a batch is a second's
  const options = { raw: true, batchSize: Math.min(batchSize, rate ?? batchSize), ...(signal ? { signal } : {}) }
  const cursor =
    sample === null
      ? collection.find({}, options)
      : collection.aggregate([{ $sample: { size: sample } }], { ...options, allowDiskUse: true })
  try {
    let more = cursor.hasNext()
    while (await more) {
      // The driver's type of a cursor says documents, also where it gives their bytes
      const batch = cursor.readBufferedDocuments() as unknown as Uint8Array[]
      more = cursor.hasNext()
      more.catch(() => undefined) // heard by the loop
      await setImmediate() // so that it is sent, and Ctrl-C is heard
      signal?.throwIfAborted()
      yield batch
      await pass?.(batch.length)
    }
  } finally {
    await cursor.close().catch(() => undefined)
  }
}
