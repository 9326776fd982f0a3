import { setTimeout as sleep } from 'node:timers/promises'
import type { ChangeStreamDocument, Document, ResumeToken, Timestamp } from 'mongodb'
import { Refused } from '../../codec/refused.ts'
import type { Entity } from '../../entity/entity.ts'
import { awaitWithin, timedOut } from '../../util/await-within.ts'
import type { Json } from '../../util/json.ts'
import type { ChangeStream, Changes, ForeignChanges } from '../foreign-changes.ts'
import { allOf } from './all-of.ts'
import { alive, bump, isHidden, isPending, notNewerThan, versionOf } from './bookkeeping.ts'
import { storeNow } from './clock.ts'
import { decodeId } from './codec/decode.ts'
import { encodeId } from './codec/encode.ts'
import { ledgerEntries, type MongoConnection } from './connection.ts'
import { entryId } from './ledger.ts'
import { ofWhichType, type Told } from './of-which-type.ts'
import { keepTombstone } from './tombstone.ts'

/** What is known of an event; see https://www.mongodb.com/docs/manual/reference/change-events/ */
interface Event {
  readonly _id: unknown
  readonly operationType: string
  /** When it was made, by the server's clock. */
  readonly clusterTime?: Timestamp
  readonly ns?: { readonly coll?: string }
  readonly documentKey?: Document
  readonly fullDocument?: Document | null
  readonly fullDocumentBeforeChange?: Document | null
  readonly updateDescription?: {
    readonly updatedFields?: Document | null
    readonly removedFields?: readonly string[] | null
    readonly truncatedArrays?: readonly { readonly field: string }[] | null
  }
}

const isBookkeeping = (path: string): boolean => path === '_cf' || path.startsWith('_cf.')

/**
 * A change of ours raises the version, or changes nothing but bookkeeping; what we insert while there is a mirror is owed,
 * or seen by nobody yet. Replaced as a whole, or restored from a dump, a document may keep the version that it had.
 */
function isOurs({ operationType, fullDocument, updateDescription = {} }: Event): boolean {
  if (operationType === 'insert') return isPending(fullDocument ?? {}) || isHidden(fullDocument ?? {})
  if (operationType !== 'update') return false
  const { updatedFields, removedFields, truncatedArrays } = updateDescription
  const set = Object.keys(updatedFields ?? {})
  if (['_cf', '_cf.at', '_cf.n'].some((path) => set.includes(path))) return true
  const others = [...(removedFields ?? []), ...(truncatedArrays ?? []).map(({ field }) => field)]
  return [...set, ...others].every(isBookkeeping) && !others.includes('_cf')
}

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown } | null)?.code

/**
 * ChangeStreamHistoryLost, ChangeStreamFatalError, InvalidResumeToken, BSONObjectTooLarge; tokens that are none.
 * Stand-in (SecantusDB): 9 for the last.
 */
const isLost = (error: unknown): boolean =>
  [286, 280, 260, 10334, 40647, 40649, 50811, 9].includes(codeOf(error) as number)

function whyImpossible(error: unknown): string | null {
  const code = codeOf(error)
  if (code === 40573 || code === 40324) return 'it is no replica set, which alone tells what is changed'
  return code === 13 ? 'the user of MONGODB_URI may not changeStream: see docs/security.md' : null
}

/** How many are taken together at most. */
const most = 500

/** What is there by now is taken along, in milliseconds. */
const gatherMs = 5

/**
 * A question that was answered with nothing is not asked again sooner, in milliseconds.
 * Stand-in (SecantusDB): it answers at each write, whichever collection it is to; MongoDB waits for what was asked for.
 */
const emptyMs = 100

/** Follows what is changed in a type's collection, from a place on, or from now. */
function follow(
  connection: MongoConnection,
  entity: Entity,
  [kind, key]: readonly [string, string],
  place: Json,
  siblings: readonly Entity[],
): ChangeStream {
  const among = { 'ns.coll': entity.mongo }
  const marker = { 'ns.coll': ledgerEntries, 'documentKey._id': entryId(kind, key) }
  const stream = connection.streams().db.watch<Document, ChangeStreamDocument>(
    [
      { $match: { $or: [among, marker, { operationType: 'invalidate' }] } },
      {
        $project: {
          operationType: 1,
          clusterTime: 1,
          'ns.coll': 1,
          documentKey: 1,
          updateDescription: 1,
          'fullDocument._cf': 1,
          'fullDocument.revision': 1,
          'fullDocumentBeforeChange._cf': 1,
        },
      },
    ],
    {
      fullDocumentBeforeChange: 'whenAvailable',
      ...(place === null ? {} : { resumeAfter: place as ResumeToken }),
    },
  )
  const ask = (): Promise<Event | null> => {
    const asked = stream.tryNext() as Promise<Event | null>
    asked.catch(() => undefined) // told by whoever waits for it
    return asked
  }
  let upcoming = ask()

  const changesOf = (events: readonly Event[], at: Json): Changes & { readonly made: readonly Told[] } => {
    const made: Told[] = []
    let wasDropped = false
    let given: number | null = null
    for (const event of events) {
      const { operationType, ns, clusterTime, documentKey, fullDocument, updateDescription } = event
      if (ns?.coll === ledgerEntries)
        given = fullDocument?.['revision'] ?? updateDescription?.updatedFields?.['revision'] ?? given
      else if (ns?.coll !== entity.mongo) continue
      else if (!documentKey) wasDropped = true
      else if (!isOurs(event)) {
        const id = decodeId(entity, documentKey['_id'])
        const before = versionOf(event.fullDocumentBeforeChange ?? {})
        const change = { isGone: operationType === 'delete', isOfAnother: false, before }
        const at = (clusterTime?.getHighBits() ?? 0) * 1_000
        if (!(id instanceof Refused)) made.push({ id, ...change, at })
      }
    }
    return { made, wasDropped, marker: given, place: at }
  }

  return {
    async next() {
      const events: Event[] = []
      const began = performance.now()
      let event = await upcoming
      while (event) {
        events.push(event)
        upcoming = ask()
        const next = events.length < most ? await awaitWithin(upcoming, gatherMs) : timedOut
        if (next === timedOut) break
        event = next
      }
      if (events.length === 0) await sleep(Math.max(0, emptyMs - (performance.now() - began)))
      if (!event) upcoming = ask()
      const last = events.at(-1)?._id ?? stream.resumeToken ?? null
      const changes = changesOf(events, last as Json)
      return { ...changes, made: await ofWhichType(connection, [entity, ...siblings], changes.made) }
    },
    close: () => stream.close(),
  }
}

export const foreignChanges = (connection: MongoConnection): ForeignChanges => ({
  follow: (entity, marker, place, siblings = []) => follow(connection, entity, marker, place, siblings),
  isLost,
  whyImpossible,
  now: () => storeNow(connection),
  async touch(entity, ids, epoch) {
    const among = { _id: { $in: ids.map((id) => encodeId(entity, id)) } }
    const stages = [{ $set: { _cf: bump({ epoch, owed: true }) } }]
    await connection.collection(entity).updateMany(allOf(among, alive, notNewerThan(epoch)), stages)
  },
  async bury(entity, id, version) {
    await keepTombstone(connection, entity, id, version, true, true)
  },
})
