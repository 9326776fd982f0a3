import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadSample, parseExport } from '../../demo/sample.ts'
import type { DemoConfig } from '../../gateway/config.ts'
import { CrossfadeError, messageOf } from '../../util/errors.ts'
import { isPlainObject, type Json } from '../../util/json.ts'
import { say } from '../output.ts'
import type { Session } from '../session.ts'

const kind = 'demo-data'

/** The folder that a collection was filled from; null where it was generated. */
const fromIn = (value: Json): unknown => (isPlainObject(value) ? value['from'] : null)

function readExport(dir: string, collection: string): Json[] {
  const file = join(dir, `${collection}.json`)
  if (!existsSync(file))
    throw new CrossfadeError('MISCONFIGURED', `${file} does not exist; --data names a folder of mongoexport files.`)
  try {
    return parseExport(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new CrossfadeError('MISCONFIGURED', `${file} is no mongoexport file: ${messageOf(error)}`, { cause: error })
  }
}

/**
 * Fills the collections, once for a data directory: what was deleted through the API since must not come back. A load
 * that was cut off goes on, since documents are inserted by id where they are missing.
 */
export async function loadData(
  { config, stores }: Session,
  demo: DemoConfig,
  dir: string | undefined,
  seed: number,
): Promise<void> {
  const { connection, ledger } = stores.mongo
  const generated = dir === undefined ? demo.generate(seed) : {}
  for (const { mongo: collection } of config.entities) {
    const loaded = await ledger.get(kind, collection)
    if (loaded && dir !== undefined && fromIn(loaded.value) !== dir)
      throw new CrossfadeError(
        'MISCONFIGURED',
        `The data directory has other data in ${collection} already: CROSSFADE_DATA_DIR=… names another, an empty one, for --data ${dir}.`,
      )
    if (loaded) continue
    const documents = dir === undefined ? (generated[collection] ?? []) : readExport(dir, collection)
    const left = await loadSample(connection, collection, documents, demo.indexes?.[collection])
    for (const keys of left) say(`${collection}.${keys} holds duplicates: its unique index is left out.`)
    await ledger.compareAndSet(kind, collection, null, { documents: documents.length, from: dir ?? null })
  }
}
