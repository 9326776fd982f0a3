import type { Collection } from 'mongodb'
import type { MongoConnection } from './connection.ts'
import { failureOf } from './errors.ts'

/** Actions of MongoDB's roles: https://www.mongodb.com/docs/manual/reference/privilege-actions/ */
export type Right = 'find' | 'insert' | 'update' | 'remove' | 'createIndex' | 'listIndexes' | 'listCollections'

interface Privilege {
  readonly resource: {
    readonly db?: string
    readonly collection?: string
    readonly anyResource?: boolean
  }
  readonly actions: readonly string[]
}

interface Status {
  readonly authInfo?: {
    readonly authenticatedUsers?: readonly unknown[]
    readonly authenticatedUserPrivileges?: readonly Privilege[]
  }
}

/** An empty name stands for all. */
const covers = ({ resource, actions }: Privilege, db: string, collection: string, right: Right): boolean =>
  actions.some((action) => action === right || action === 'anyAction') &&
  (resource.anyResource === true ||
    ((resource.db === '' || resource.db === db) && (resource.collection === '' || resource.collection === collection)))

const told = (db: string, collection: string, missing: readonly Right[]): string[] =>
  missing.length === 0
    ? []
    : [`the user of MONGODB_URI may not ${missing.join(', ')} on ${db}.${collection}: see docs/security.md.`]

/** Which of the rights a user with these privileges lacks, one line a collection. */
export function lacking(
  privileges: readonly Privilege[],
  db: string,
  collections: readonly string[],
  rights: readonly Right[],
): string[] {
  return collections.flatMap((collection) => {
    const missing = rights.filter((right) => !privileges.some((each) => covers(each, db, collection, right)))
    return told(db, collection, missing)
  })
}

const nothing = { _id: { $in: [] } }

/**
 * Rights are looked at before anything is done, and these do nothing.
 * Stand-in (SecantusDB): it tells no privileges, which MongoDB always does.
 */
const probes: Partial<Record<Right, (collection: Collection) => Promise<unknown>>> = {
  find: (collection) => collection.findOne(nothing),
  update: (collection) => collection.updateOne(nothing, { $set: { _cf: null } }),
  remove: (collection) => collection.deleteOne(nothing),
}

async function probed({ db }: MongoConnection, name: string, rights: readonly Right[]): Promise<string[]> {
  const missing: Right[] = []
  for (const right of rights) {
    try {
      await probes[right]?.(db.collection(name))
    } catch (error) {
      if (failureOf(error) !== 'forbidden') throw error
      missing.push(right)
    }
  }
  return told(db.databaseName, name, missing)
}

/**
 * What the user lacks on collections of our database. From what the server tells of its users; where it tells nothing,
 * by asking for what does nothing, which leaves out the rights to insert and to make indexes.
 */
export async function missingRights(
  connection: MongoConnection,
  collections: readonly string[],
  rights: readonly Right[],
): Promise<string[]> {
  const { db } = connection
  const status: Status = await db.command({ connectionStatus: 1, showPrivileges: true })
  const { authenticatedUsers = [], authenticatedUserPrivileges = [] } = status.authInfo ?? {}
  if (authenticatedUsers.length === 0) return []
  if (authenticatedUserPrivileges.length > 0)
    return lacking(authenticatedUserPrivileges, db.databaseName, collections, rights)
  return (await Promise.all(collections.map((name) => probed(connection, name, rights)))).flat()
}
