import { compareIds } from '../entity/compare-ids.ts'
import type { Entity, Id } from '../entity/entity.ts'
import { where as parseFilter } from '../query/parse-filter.ts'
import { everything, type Where } from '../query/where.ts'
import { shownWhere } from '../shadow/redact.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import type { IdRange, Store } from '../stores/store.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Json } from '../util/json.ts'

/** Which records of a type to look at; all of them where nothing is said. */
export interface Part {
  /** Records whose id was made at that time or later. */
  readonly since?: Date
  /** So many records, about, or a share of them: `{ records: 1000 }`, `{ share: 0.05 }`. */
  readonly sample?: { readonly records: number } | { readonly share: number }
  /** A filter by record paths, as `where` takes it. */
  readonly where?: Readonly<Record<string, unknown>>
}

/** What was asked for, as evidence keeps it. */
export interface Asked {
  readonly since: string | null
  readonly sample: string | null
  /** Without the values that the mapping hides. */
  readonly where: Json
}

export interface AskedRecords {
  /** Null where all records are asked for. */
  readonly asked: Asked | null
  /** In the order of the ids; none overlaps another. */
  readonly ranges: readonly IdRange[]
  readonly where: Where
  /** How many records there are, about; null where nobody knows without counting. */
  readonly total: number | null
}

const wholeRange: IdRange = { after: null, upTo: null }

/** A sample is of so many stretches of the ids at most. */
const maxStretches = 20
/** And each of so many records at least, since a stretch costs a few look-ups. */
const minStretch = 25

/** The greatest id of the second before. Source: MongoDB manual, "ObjectId()" */
function behindTime(entity: Entity, since: Date): Id {
  if (entity.idKind !== 'objectId') {
    const why = `ids of ${entity.name} are of the kind ${entity.idKind}, and do not tell when they were made`
    const versions = 'A version is no clock, either: writes count it up from the time of the first'
    const remedy = 'Ask by a field that holds a time, as in --where \'{"updatedAt":{"gte":"2026-01-01T00:00:00Z"}}\''
    throw new CrossfadeError('BAD_USER_INPUT', `--since cannot be answered: ${why}. ${versions}. ${remedy}.`)
  }
  const seconds = Math.floor(since.getTime() / 1_000) - 1
  if (!(seconds >= 0 && seconds <= 0xffffffff))
    throw new CrossfadeError('BAD_USER_INPUT', '--since must be a time between 1970 and 2106.')
  return seconds.toString(16).padStart(8, '0') + 'f'.repeat(16)
}

/** Ranges in order, with those that overlap made one, and nothing before `after`. */
export function inOrder(entity: Entity, ranges: readonly IdRange[], after: Id | null): IdRange[] {
  const order = compareIds(entity)
  const later = (a: Id | null, b: Id | null): Id | null => (a === null || (b !== null && order(a, b) < 0) ? b : a)
  const joined: IdRange[] = []
  const sorted = ranges.toSorted((a, b) => (a.after === null ? -1 : b.after === null ? 1 : order(a.after, b.after)))
  for (const range of sorted) {
    const from = later(range.after, after)
    if (from !== null && range.upTo !== null && order(range.upTo, from) <= 0) continue
    const last = joined.at(-1)
    if (!last || (last.upTo !== null && from !== null && order(from, last.upTo) > 0))
      joined.push({ after: from, upTo: range.upTo })
    else if (last.upTo !== null && (range.upTo === null || order(range.upTo, last.upTo) > 0))
      joined[joined.length - 1] = { ...last, upTo: range.upTo }
  }
  return joined
}

const sampleText = (sample: NonNullable<Part['sample']>): string =>
  'share' in sample ? `${Math.round(sample.share * 1e6) / 1e4} %` : `${sample.records} records`

async function sampled(entity: Entity, store: Store, records: number, after: Id | null): Promise<IdRange[]> {
  const stretches = Math.max(1, Math.min(maxStretches, Math.floor(records / minStretch)))
  const ranges = await store.spread(entity, stretches, Math.ceil(records / stretches))
  return inOrder(entity, ranges, after)
}

/**
 * Where the records are that are asked for. A sample is of stretches of the ids, spread by the store with authority.
 *
 * @throws BAD_USER_INPUT for what cannot be asked of the type.
 */
export async function askedRecords(
  entity: Entity,
  authority: Store,
  mongo: MongoStore,
  { since, sample, where: filter }: Part,
): Promise<AskedRecords> {
  const where = filter === undefined ? everything : (parseFilter(entity, filter) as Where)
  const after = since === undefined ? null : behindTime(entity, since)
  const all = await mongo.estimate(entity)
  if (since === undefined && sample === undefined && filter === undefined)
    return { asked: null, ranges: [wholeRange], where, total: all }
  const asked = {
    since: since?.toISOString() ?? null,
    sample: sample ? sampleText(sample) : null,
    where: filter === undefined ? null : shownWhere(entity, where),
  }
  if (!sample) return { asked, ranges: [{ after, upTo: null }], where, total: null }
  if ('share' in sample && all === null)
    throw new CrossfadeError('UNAVAILABLE', `MongoDB does not say how many ${entity.mongo} there are: sample a number.`)
  const records = 'share' in sample ? Math.max(1, Math.ceil(sample.share * all!)) : sample.records
  return {
    asked,
    ranges: await sampled(entity, authority, records, after),
    where,
    total: where === everything && after === null ? Math.min(records, all ?? records) : null,
  }
}
