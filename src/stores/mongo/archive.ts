import { existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import type { Entity } from '../../entity/entity.ts'
import { CrossfadeError, codeOf } from '../../util/errors.ts'
import { alive } from './bookkeeping.ts'
import { canonicalText } from './codec/canonical-text.ts'
import type { MongoConnection } from './connection.ts'

export interface Archived {
  readonly documents: number
  /** Those with texts that are not UTF-8, which JSON cannot hold: U+FFFD stands in the place of what is none. */
  readonly unsound: number
}

/**
 * Writes the documents of a type to a new file as `mongoexport --jsonFormat=canonical` would, a line each, every value
 * as it is stored, without what Crossfade keeps in them. `mongoimport` reads it. On disk when this returns; until then it
 * has `.part` behind its name, so that one that was cut off is not taken for the whole.
 *
 * @throws MISCONFIGURED where there is such a file already, or one with `.part`, which another archive may be writing; the
 * error of a file that cannot be written.
 * @see https://www.mongodb.com/docs/database-tools/mongoexport/
 */
export async function archive(
  connection: MongoConnection,
  entity: Entity,
  file: string,
  { signal, onProgress }: { readonly signal?: AbortSignal; readonly onProgress?: (documents: number) => void } = {},
): Promise<Archived> {
  let [documents, unsound] = [0, 0]
  async function* lines(): AsyncGenerator<string, void> {
    const cursor = connection
      .patient()
      .collection(entity)
      .find(alive, { raw: true, sort: { _id: 1 } })
    // The driver's type of a cursor says documents, also where it gives their bytes
    for await (const bytes of cursor as unknown as AsyncIterable<Uint8Array>) {
      const { text, isSound } = canonicalText(bytes, '_cf')
      if (!isSound) unsound++
      yield `${text}\n`
      if (++documents % 1_000 === 0) onProgress?.(documents)
    }
  }
  const refuseOther = (): void => {
    if (existsSync(file)) throw new CrossfadeError('MISCONFIGURED', `${file} is there already: name a new file.`)
  }
  refuseOther()
  const part = `${file}.part`
  const handle = await open(part, 'wx').catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error
    const why = 'another archive is being written, or was cut off: remove it then'
    throw new CrossfadeError('MISCONFIGURED', `${part} is there: ${why}.`)
  })
  try {
    await handle.writeFile(lines(), signal ? { signal } : {})
    await handle.sync()
    refuseOther() // of somebody else, made meanwhile
  } catch (error) {
    await rm(part, { force: true }) // a full disk may need the room
    throw error
  } finally {
    await handle.close()
  }
  await rename(part, file)
  return { documents, unsound }
}
