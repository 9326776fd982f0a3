import type { Entity } from '../entity/entity.ts'
import { collectionOptions } from '../stores/mongo/collection-options.ts'
import { failureOf } from '../stores/mongo/errors.ts'
import { type MongoIndex, mongoIndexes } from '../stores/mongo/indexes.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import { documentsOfNoType } from '../stores/mongo/of-no-type.ts'
import type { Answer } from '../stores/mongo/profile/field-tally.ts'
import { type DocumentsProfile, profileDocuments } from '../stores/mongo/profile/profile-documents.ts'
import type { Reading } from '../stores/mongo/profile/raw-documents.ts'
import { collationText, uniqueKeys } from '../stores/mongo/unique-keys.ts'
import { messageOf } from '../util/errors.ts'
import { forewarnings } from './forewarnings.ts'
import { Pace } from './paced.ts'
import { Patience, type PatienceOptions } from './patience.ts'
import { Restraint } from './restraint.ts'
import type { Care } from './strain.ts'
import type { Suggestion } from './suggestion.ts'
import { suggestions } from './suggestions.ts'
import { type UniqueProfile, uniqueProfiles } from './unique-profiles.ts'

/** Which documents were looked at. */
export interface Seen {
  readonly how: 'all' | 'sample'
  /** Documents that the collection has, about, before the first was read; null where the server did not say. */
  readonly estimated: number | null
  readonly readPreference: string
  /** By the clock of this host. */
  readonly began: string
  readonly ended: string
  /** The ids of the first and the last that were read, as Extended JSON text. */
  readonly first: string | null
  readonly last: string | null
}

export interface Profile extends Omit<DocumentsProfile, 'learned' | 'first' | 'last'> {
  readonly type: string
  readonly collection: string
  readonly seen: Seen
  readonly unique: readonly UniqueProfile[]
  /** What of the collection itself is not as Crossfade, or PostgreSQL, would have it: a line each with what to do. */
  readonly notes: readonly string[]
  /** Whether gateways know by it which fields hold values of one kind alone. */
  readonly learned: boolean
  /** Fields of the mapping that would fit better. */
  readonly suggestions: readonly Suggestion[]
}

export interface ProfileProgress {
  readonly read: number
  /** Documents that will be read, about; null where nobody knows. */
  readonly total: number | null
}

export interface ProfileRun extends Omit<Reading, 'pass'> {
  readonly mongo: MongoStore
  readonly entity: Entity
  /** All types of the app: where references lead. */
  readonly entities: readonly Entity[]
  readonly answer: Answer
  readonly onProgress?: (progress: ProfileProgress) => void
  /** Told of what takes time behind the reading, one line each. */
  readonly log?: (line: string) => void
  /** How soon it goes slowly where others suffer from it; default: as usual. */
  readonly care?: Care
  /** See `PatienceOptions`. */
  readonly retryMs?: number
}

function indexNotes(entity: Entity, indexes: readonly MongoIndex[]): string[] {
  return indexes.flatMap(({ name, keys, expireAfterSeconds, collation, unique }) => {
    const what = `${entity.name}: the index ${name} of ${entity.mongo}`
    const notes: string[] = []
    if (expireAfterSeconds !== null) {
      const how = `deletes documents ${expireAfterSeconds} s after their ${keys[0]![0]}`
      notes.push(`${what} ${how}: PostgreSQL does not, so that a job of yours must do it once it has authority.`)
    }
    if (collation && !unique) {
      const how = `has the collation ${collationText(collation)}`
      notes.push(`${what} ${how}: queries that name it find and order texts otherwise than PostgreSQL does.`)
    }
    return notes
  })
}

interface Facts {
  readonly indexes: readonly MongoIndex[]
  readonly notes: readonly string[]
}

/** What is known of a collection before a document is read. Who may not look is told so. */
async function factsOf(mongo: MongoStore, { entity, entities, sample }: ProfileRun): Promise<Facts> {
  const told = await forewarnings(mongo, [entity])
  if (sample === null && entity.fixed.size > 0) {
    const kin = entities.filter((other) => other.mongo === entity.mongo)
    told.push(...(await documentsOfNoType(mongo.connection.patient(), kin)))
  }
  try {
    const made = await collectionOptions(mongo.connection, entity)
    if (!made) return { indexes: [], notes: [`${entity.name}: there is no collection ${entity.mongo}.`] }
    if (made.type !== 'collection') return { indexes: [], notes: told }
    const indexes = await mongoIndexes(mongo.connection, entity)
    const { untold } = uniqueKeys(entity, indexes)
    const unkept = untold.map(
      ({ index, why }) =>
        `${entity.name}: PostgreSQL will not keep the unique index ${index.name} of ${entity.mongo}, since ${why}.`,
    )
    return { indexes, notes: [...told, ...indexNotes(entity, indexes), ...unkept] }
  } catch (error) {
    if (failureOf(error) !== 'forbidden') throw error
    return { indexes: [], notes: told }
  }
}

/**
 * Documents come in no order that a second cursor could go on in, and by their ids they may cost far more: where a reading
 * fails it begins again, with nothing counted. Who was not let in, or found nobody, is told so at once.
 */
async function readPatiently(
  read: (onProgress: (read: number) => void) => Promise<DocumentsProfile>,
  onProgress: (read: number) => void,
  options: PatienceOptions,
): Promise<DocumentsProfile> {
  const patience = new Patience(options)
  let hasBegun = false
  for (;;) {
    try {
      return await read((documents) => {
        hasBegun = true
        onProgress(documents)
      })
    } catch (error) {
      if (!hasBegun) throw error
      await patience.wait(error)
      options.log?.(`${options.name}: reading again from the first document`)
    }
  }
}

/**
 * What a type's collection holds, before it is put behind Crossfade: null, the field's own kind, values of another kind
 * that mean something, and those that mean nothing; where the answer would be another one than today; what would be
 * refused; what the mapping does not name. Of all documents it writes down for gateways which paths hold values of one
 * kind; else nothing is written.
 */
export async function profile(run: ProfileRun): Promise<Profile> {
  const {
    mongo,
    entity,
    entities,
    sample,
    rate,
    care,
    readPreference = 'primary',
    onProgress,
    log,
    signal,
    retryMs,
  } = run
  const began = new Date().toISOString()
  const [estimated, { indexes, notes }] = await Promise.all([mongo.estimate(entity), factsOf(mongo, run)])
  const total = estimated === null ? sample : Math.min(estimated, sample ?? estimated)
  const patience = { stores: { mongo }, name: entity.name, log, signal, retryMs }
  const restraint = new Restraint({ stores: { mongo }, entity, care, log }, null, new Pace(rate))
  const pass = (documents: number): Promise<void> => restraint.pass(documents, signal)
  const typeOf = (name: string) => entities.find((each) => each.name === name)
  const { learned, first, last, ...found } = await readPatiently(
    (onProgress) => profileDocuments(mongo.connection, entity, { ...run, pass, typeOf, onProgress }),
    (read) => onProgress?.({ read, total }),
    patience,
  )
  const unique = await uniqueProfiles(mongo, entity, { indexes, fields: found.fields, patience }, run)
  const ended = new Date().toISOString()
  const how = sample === null ? 'all' : 'sample'
  const unlearned =
    typeof learned === 'object'
      ? [`${entity.name}: what gateways could have learned was not written down: ${messageOf(learned.why)}.`]
      : []
  return {
    type: entity.name,
    collection: entity.mongo,
    seen: { how, estimated, readPreference, began, ended, first, last },
    ...found,
    unique,
    notes: [...notes, ...unlearned],
    learned: learned === true,
    suggestions: suggestions(entity, { ...found, unique }),
  }
}

/** Whether anything would answer otherwise than today, or be refused. */
export const answersOtherwise = ({ ids, fields, unique }: Profile): boolean =>
  ids.some(({ record }) => !record) ||
  fields.some(({ otherwise, lost }) => otherwise.length + lost.length > 0) ||
  unique.some(({ found }) => found !== null && found.values > 0)
