import type { Entity } from '../entity/entity.ts'
import type { MongoIndex } from '../stores/mongo/indexes.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import { type Duplicates, duplicates } from '../stores/mongo/profile/duplicates.ts'
import type { FieldProfile } from '../stores/mongo/profile/field-tally.ts'
import type { Reading } from '../stores/mongo/profile/raw-documents.ts'
import { uniqueKeys } from '../stores/mongo/unique-keys.ts'
import type { UniqueKey } from '../stores/unique-key.ts'
import { type PatienceOptions, patiently } from './patience.ts'

/** What is held more than once under one unique key. */
export interface UniqueProfile {
  readonly because: string
  readonly paths: readonly string[]
  /** `one`: null, as what is missing, counts like a value. */
  readonly nulls: UniqueKey['nulls']
  /** Null in a sample, where nobody can know. */
  readonly found: Duplicates | null
}

/** Whether what MongoDB's index tells apart is what records tell apart. */
const isAsStored = ({ leaves }: UniqueKey, fields: readonly FieldProfile[]): boolean =>
  leaves.every((leaf) => {
    const found = fields.find(({ path }) => path === leaf.path)
    return found !== undefined && found.coerced.length + found.lost.length === 0
  })

const none: Duplicates = { values: 0, documents: 0, example: [] }

interface Known {
  readonly indexes: readonly MongoIndex[]
  readonly fields: readonly FieldProfile[]
  /** What was found of one key is not looked for again, where the server fails at the next. */
  readonly patience: PatienceOptions
}

/** What is held more than once under each unique key of a type. */
export async function uniqueProfiles(
  mongo: MongoStore,
  entity: Entity,
  { indexes, fields, patience }: Known,
  reading: Reading,
): Promise<UniqueProfile[]> {
  const kept = new Set(indexes.map(({ name }) => `MongoDB's index ${name}`))
  const profiles: UniqueProfile[] = []
  // One after the other: each reads all documents
  for (const key of uniqueKeys(entity, indexes).keys) {
    const paths = key.leaves.map(({ path }) => path)
    const isKept = kept.has(key.because) && isAsStored(key, fields)
    if (reading.sample === null && !isKept)
      patience.log?.(`${entity.name}: looking for duplicates under ${paths.join(', ')} …`)
    const find = async () => (isKept ? none : duplicates(mongo.connection.patient(), entity, key, reading))
    const found = reading.sample === null ? await patiently(patience, find) : null
    profiles.push({ because: key.because, paths, nulls: key.nulls, found })
  }
  return profiles
}
