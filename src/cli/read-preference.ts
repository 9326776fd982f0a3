import { type Command, Option } from 'commander'
import type { Stores } from '../routing/routing.ts'
import { type Reading, readPreferences } from '../stores/mongo/profile/raw-documents.ts'

/** Of commands that read whole collections. */
export interface ReadPreferenceOption {
  readonly readPreference: NonNullable<Reading['readPreference']>
}

export const addReadPreference = (command: Command): Command =>
  command.addOption(
    new Option('--read-preference <mode>', 'which members of the replica set are read')
      .choices(readPreferences)
      .default('primary'),
  )

/** The same stores, whose streams of MongoDB come from other members than the primary; what decides anything does not. */
export const readingFrom = (stores: Stores, { readPreference }: ReadPreferenceOption): Stores =>
  readPreference === 'primary'
    ? stores
    : { ...stores, mongo: { ...stores.mongo, reader: stores.mongo.readerOf(readPreference) } }
