import type { Entity, Id } from '../entity/entity.ts'
import { verifiedKinds } from '../evidence/verified.ts'
import { conflictLog } from '../mirror/conflicts.ts'
import { deadLetterKind } from '../mirror/dead-letters.ts'
import { droppedLog } from '../mirror/dropped.ts'
import { closedKind, keptIn } from '../mirror/kept-conflicts.ts'
import { keyOf } from '../mirror/record-key.ts'
import { forgetRecorded } from '../replay/forget-recorded.ts'
import { recordingsIn } from '../replay/recordings.ts'
import type { Ledger } from '../stores/ledger.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import type { Store } from '../stores/store.ts'
import { isPlainObject, type Json } from '../util/json.ts'
import { checkpointKind, checkpointNames } from './verify-checkpoint.ts'

/** Where something of a record may be kept beside the record itself. */
export type ForgetPlace = 'findings' | 'conflicts' | 'deadLetters' | 'verifications' | 'dataIssues' | 'recordings'

/** How much there is of it in each place. */
export type Forgotten = Readonly<Record<ForgetPlace, number>>

export interface ForgetOptions {
  readonly stores: { readonly mongo: MongoStore; readonly postgres: PostgresStore }
  readonly entity: Entity
  readonly dataDir: string
  /** Without it everything is counted, and nothing removed. */
  readonly removes: boolean
}

/** The log of what was forgotten: by whom, why and how much, and not what. */
export const forgottenLog = 'forgotten'

const sum = (counts: readonly number[]): number => counts.reduce((all, each) => all + each, 0)

async function inLog(ledger: Ledger, log: string, key: string, removes: boolean): Promise<number> {
  return removes ? ledger.forget(log, key) : ledger.length(log, key)
}

/** Copies that were replaced, what was said of them, and what became of dead letters. */
async function conflictsOf(store: Store, { entity, removes }: ForgetOptions, id: Id): Promise<number> {
  const { ledger } = store
  const key = keyOf(entity, id)
  if (removes)
    for await (const each of keptIn(store, entity))
      if (each.closed && each.id === String(id)) await ledger.remove(closedKind, each.line)
  return sum([await inLog(ledger, conflictLog, key, removes), await inLog(ledger, droppedLog, key, removes)])
}

async function deadLettersOf({ ledger }: Store, { entity, removes }: ForgetOptions, id: Id): Promise<number> {
  const key = keyOf(entity, id)
  if (!(await ledger.get(deadLetterKind, key))) return 0
  if (removes) await ledger.remove(deadLetterKind, key)
  return 1
}

/** A value without what names the id: members of lists of ids that are it, and of any list that are about it. */
export function without(value: Json, id: Id): { readonly value: Json; readonly count: number } {
  let count = 0
  const walk = (each: Json, key: string): Json => {
    if (Array.isArray(each)) {
      const kept = each.filter((member) =>
        isPlainObject(member) ? member['id'] !== id : key !== 'ids' || member !== id,
      )
      count += each.length - kept.length
      return kept.map((member) => walk(member, ''))
    }
    if (!isPlainObject(each)) return each
    return Object.fromEntries(Object.entries(each).map(([name, member]) => [name, walk(member as Json, name)]))
  }
  return { value: walk(value, ''), count }
}

/** What verifications of other types have kept of references to it. */
function withoutTarget(value: Json, type: string, id: Id): { readonly value: Json; readonly count: number } {
  const relations = isPlainObject(value) ? value['relations'] : null
  const dangling = isPlainObject(relations) && Array.isArray(relations['dangling']) ? relations['dangling'] : []
  const kept = dangling.filter((each) => !(isPlainObject(each) && each['target'] === type && each['id'] === id))
  const count = dangling.length - kept.length
  return {
    value: count > 0 ? ({ ...Object(value), relations: { ...Object(relations), dangling: kept } } as Json) : value,
    count,
  }
}

/** Where a verification was cut off: whoever runs it again begins anew. */
async function checkpointsOf({ ledger }: Store, { entity, removes }: ForgetOptions, id: Id): Promise<number> {
  const kept = await ledger.list(checkpointKind)
  const named = kept.filter(({ key, value }) => checkpointNames(value, id, key === entity.name))
  if (removes) for (const { kind, key, revision } of named) await ledger.remove(kind, key, revision)
  return named.length
}

/** What the last verifications of the type, and of those that refer to it, have kept of it. */
async function verificationsOf({ ledger }: Store, { entity, removes }: ForgetOptions, id: Id): Promise<number> {
  const kept = await ledger.list(...Object.values(verifiedKinds))
  const counts = kept.map(async ({ kind, key, revision, value }) => {
    const left = key === entity.name ? without(value, id) : withoutTarget(value, entity.name, id)
    // One that was written meanwhile is of a record that is there
    if (removes && left.count > 0) await ledger.compareAndSet(kind, key, revision, left.value)
    return left.count
  })
  return sum(await Promise.all(counts))
}

/** Counts what is kept of a record beside itself, in both stores and the recordings of the data directory, and removes it. */
export async function forget(options: ForgetOptions, id: Id): Promise<Forgotten> {
  const { stores, entity, dataDir, removes } = options
  const { findings, dataIssues } = stores.postgres
  const inBoth = async (count: (store: Store) => Promise<number>): Promise<number> =>
    sum(await Promise.all([stores.mongo, stores.postgres].map(count)))
  return {
    findings: await findings.forget(entity.name, id, removes),
    conflicts: await inBoth((store) => conflictsOf(store, options, id)),
    deadLetters: await inBoth((store) => deadLettersOf(store, options, id)),
    verifications: await inBoth(
      async (store) => (await verificationsOf(store, options, id)) + (await checkpointsOf(store, options, id)),
    ),
    dataIssues: removes
      ? await dataIssues.forget(entity, String(id))
      : (await dataIssues.of(entity, String(id))).length,
    recordings: await forgetRecorded(recordingsIn(dataDir), id, removes),
  }
}
