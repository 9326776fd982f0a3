import type { Entity, Id } from '../entity/entity.ts'
import { parseId } from '../entity/parse-id.ts'
import { type IssueGroup, issueGroups } from '../evidence/accepted-issues.ts'
import { fatesOf } from '../stores/mongo/without-record.ts'
import type { IssueKind } from '../stores/postgres/data-issues.ts'
import { CrossfadeError } from '../util/errors.ts'
import { findIssues } from './ensure-constraints.ts'
import { type RepairOptions, repair, standing } from './repair.ts'

export interface RetryOptions extends Omit<RepairOptions, 'ids'> {
  /** All types: what references are looked for in. */
  readonly entities: readonly Entity[]
  /** Default: all of the type. */
  readonly among?: IssueKind | null
}

export interface Retried {
  /** Records, and documents without one, that were looked at. */
  readonly looked: number
  /** Records that were carried over by now, or anew. */
  readonly put: number
  /** Records that are owed, or changed while they were looked at: their issues are of before. */
  readonly undecided: number
  /** What is left, by path and rule. */
  readonly groups: readonly IssueGroup[]
}

/** Records, and documents, of a page. */
const pageSize = 1_000

/** What can be no id of the type any more is of an earlier mapping: there is no such record. */
function idOf(entity: Entity, text: string): Id | null {
  try {
    return parseId(entity, text)
  } catch {
    return null
  }
}

/** Ends the issues of documents that are gone; those that fit a record by now are to be copied. */
async function records({ stores, entity }: RetryOptions, documents: readonly string[]): Promise<Id[]> {
  const fates = await fatesOf(stores.mongo.connection, entity, documents)
  const over = fates.filter(({ is }) => is !== 'still there').map(({ id }) => id)
  await stores.postgres.dataIssues.end(entity, over)
  return fates.flatMap((fate) => (fate.is === 'a record' ? fate.record : []))
}

/** What decoding finds of equal records by now; records that neither store has have no issues. */
async function refresh({ stores: { mongo, postgres }, entity }: RetryOptions, ids: readonly Id[]): Promise<void> {
  const images = await mongo.outbox.images(entity, ids)
  const alive = images.filter(({ record }) => record !== null)
  await postgres.dataIssues.refresh(entity, alive)
  const there = new Set(
    [...alive, ...(await postgres.outbox.images(entity, ids)).filter(({ record }) => record !== null)].map(
      ({ id }) => id,
    ),
  )
  await postgres.dataIssues.end(entity, ids.filter((id) => !there.has(id)).map(String))
}

/**
 * Looks again at what could not be carried from MongoDB, after data or a mapping has changed: what can be carried by now
 * is, by a repair of those records, and its issues end. Can be stopped at any point, and run again.
 *
 * @throws BAD_USER_INPUT where PostgreSQL has authority: what MongoDB holds is not what counts then; and like `repair`.
 */
export async function retryIssues(options: RetryOptions, by: string): Promise<Retried> {
  const { stores, entity, among = null } = options
  const { from } = await standing(options)
  if (from !== 'mongo') {
    const text = `PostgreSQL has authority over ${entity.name}: what MongoDB could not give it counts no more`
    throw new CrossfadeError('BAD_USER_INPUT', `${text}. Write the values through the gateway, or accept the issues.`)
  }
  let [looked, put, undecided] = [0, 0, 0]
  for (let after: string | null = null; ; ) {
    options.signal?.throwIfAborted()
    const page = await stores.postgres.dataIssues.retriable(entity, among, { after, limit: pageSize })
    if (page.length === 0) break
    const { documents = [], decoded = [] } = Object.groupBy(page, ({ isDocument }) =>
      isDocument ? 'documents' : 'decoded',
    )
    const found = await records(
      options,
      documents.map(({ id }) => id),
    )
    const ids = [...found, ...decoded.flatMap(({ id }) => idOf(entity, id) ?? [])]
    if (ids.length > 0) {
      const repaired = await repair({ ...options, ids }, { by, chosen: 'by data issues' })
      put += repaired.put
      undecided += repaired.undecided.length
      await refresh(options, ids)
    }
    looked += page.length
    options.onProgress?.(looked)
    after = page.at(-1)!.id
  }
  await findIssues(stores, entity, options.entities) // duplicates and references are of all records
  return { looked, put, undecided, groups: await issueGroups(stores.postgres, entity) }
}
