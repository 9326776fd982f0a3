import type { Document } from 'mongodb'
import { type Plan, planOf, type Scan } from '../plan.ts'
import { coversAll, intervalOf } from './index-bounds.ts'

/** Stages that seek. */
const seeks: ReadonlySet<string> = new Set([
  'DISTINCT_SCAN', // from one key to the next that differs
  'EXPRESS_CLUSTERED_IXSCAN',
  'EXPRESS_IXSCAN',
  'GEO_NEAR_2D',
  'GEO_NEAR_2DSPHERE',
  'IDHACK',
  'RECORD_STORE_FAST_COUNT', // a number that the server keeps
  'TEXT_MATCH',
])

/** Stages that hand on each document of their inputs at once, so that a limit above ends the scan below. */
const streaming: ReadonlySet<string> = new Set([
  'FETCH',
  'LIMIT',
  'MERGE_SORT',
  'OR',
  'PROJECTION_COVERED',
  'PROJECTION_DEFAULT',
  'PROJECTION_SIMPLE',
  'REPLACE_ROOT',
  'RETURN_KEY',
  'SHARDING_FILTER',
  'SHARD_MERGE',
  'SHARD_MERGE_SORT',
  'SINGLE_SHARD',
  'SKIP',
  'SORT_KEY_GENERATOR',
  'SORT_MERGE',
  'SUBPLAN',
  'UNWIND',
])

/** Stages that read their inputs to the end, or leave documents of them out. */
const others: ReadonlySet<string> = new Set([
  'AND_HASH',
  'AND_SORTED',
  'COUNT',
  'EQ_LOOKUP',
  'EQ_LOOKUP_UNWIND',
  'GROUP',
  'MATCH',
  'SORT',
  'TEXT_OR',
  'WINDOW',
])

/** Stages of a pipeline behind the cursor, likewise. */
const streamingStages: ReadonlySet<string> = new Set([
  '$_internalInhibitOptimization',
  '$addFields',
  '$project',
  '$replaceRoot',
  '$replaceWith',
  '$set',
  '$skip',
  '$unset',
])

/** Stages that read another collection, of which this explanation tells nothing. */
const readOthers: ReadonlySet<string> = new Set(['$graphLookup', '$lookup', '$unionWith'])

const unknown = (why: string): Scan => ({ unknown: why })

const nameOf = (stage: Document): string => Object.keys(stage)[0] ?? ''

function readsOthers(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null
  for (const [key, member] of Object.entries(value)) {
    const found = readOthers.has(key) ? key : readsOthers(member)
    if (found) return found
  }
  return null
}

/** What the plan of a query reads of its collection. */
function* scansOf(planner: Document, limited: boolean, isStandIn: boolean): Generator<Scan> {
  const { namespace, parsedQuery, winningPlan, rejectedPlans } = planner
  const collection = String(namespace).replace(/^[^.]*\./, '')

  function isWhole(stage: Document): boolean | null {
    const { indexBounds, keyPattern } = stage
    if (nameOf(keyPattern ?? {}).startsWith('_cf.')) return false // ours, which hold what is on its way alone
    if (indexBounds?.startKey && indexBounds?.endKey)
      return coversAll([intervalOf(indexBounds.startKey, indexBounds.endKey)])
    const [, intervals] = Object.entries(indexBounds ?? {}).find(([path]) => path !== '$_path') ?? []
    if (Array.isArray(intervals)) return coversAll(intervals.map(String))
    if (!isStandIn || !keyPattern) return null
    // Stand-in (SecantusDB): it tells no bounds. It takes an index for a condition on its first key, or for an order
    return !JSON.stringify(parsedQuery ?? {}).includes(`${JSON.stringify(nameOf(keyPattern))}:`)
  }

  /** One that leaves documents out may hold nearly all of them. */
  const readBy = ({ isPartial, isSparse, indexName }: Document): string =>
    isPartial === true || isSparse === true ? `the index ${indexName} of ${collection}` : collection

  function* walk(node: Document, endsEarly: boolean): Generator<Scan> {
    // The plan of the slot-based engine stands beside its programs
    const stage: Document = node['queryPlan'] ?? node
    if (Array.isArray(stage['shards'])) {
      for (const shard of stage['shards']) yield* ofPlans(shard.winningPlan ?? shard, shard.rejectedPlans, endsEarly)
      return
    }
    const type = String(stage['stage'])
    const filter: Document | undefined = stage['filter']
    const ended = endsEarly && (filter === undefined || Object.keys(filter).length === 0)
    if (type === 'COLLSCAN') {
      if (!ended) yield { whole: collection }
    } else if (type === 'IXSCAN' || type === 'COUNT_SCAN') {
      const whole = isWhole(stage)
      if (whole === null) yield unknown('its plan does not tell the bounds of an index')
      else if (whole && !ended) yield { whole: readBy(stage) }
    } else if (type === 'CLUSTERED_IXSCAN') {
      const { minRecord, maxRecord } = stage
      if (minRecord === undefined && maxRecord === undefined && !ended) yield { whole: collection }
    } else if (type === 'EOF') {
      yield unknown('with these values it reads nothing, or the collection is not there, which tells nothing')
    } else if (!seeks.has(type) && !streaming.has(type) && !others.has(type)) {
      yield unknown(`its plan has a stage of an unknown kind (${type})`)
    }
    if (type.startsWith('EQ_LOOKUP')) {
      const { strategy, foreignCollection } = stage
      const foreign = String(foreignCollection).replace(/^[^.]*\./, '')
      if (strategy === 'HashJoin' || strategy === 'NestedLoopJoin') yield { whole: foreign }
      else if (strategy !== 'IndexedLoopJoin') yield unknown(`its plan does not tell how ${foreign} is looked up`)
    }
    const inputs: readonly Document[] = [stage['inputStage'] ?? [], stage['inputStages'] ?? []].flat()
    for (const input of inputs) yield* walk(input, type === 'LIMIT' || (streaming.has(type) && ended))
  }

  /**
   * The plan that won, or another that is bounded: the server tries its plans on what is stored, and on little data
   * prefers an order's index though another finds what matches.
   */
  function ofPlans(winning: Document, rejected: readonly Document[] | undefined, endsEarly: boolean): readonly Scan[] {
    const found = [...walk(winning, endsEarly)]
    const isWhole = planOf(found).reads === 'everything'
    return isWhole && rejected?.some((plan) => [...walk(plan, endsEarly)].length === 0) ? [] : found
  }

  if (winningPlan) yield* ofPlans(winningPlan, rejectedPlans, limited)
  else yield unknown('it has no plan of a known form')
}

/** Whether a limit ends what is handed to a pipeline's stages, with nothing before it that needs, or leaves out, any. */
function limits(stages: readonly Document[]): boolean {
  const first = stages.map(nameOf).find((name) => !streamingStages.has(name))
  return first === '$limit'
}

function* scansIn(answer: Document, isStandIn: boolean): Generator<Scan> {
  const { stages, shards, queryPlanner } = answer
  if (Array.isArray(stages)) {
    const [{ $cursor, $geoNearCursor } = {} as Document, ...rest] = stages as Document[]
    const planner = ($cursor ?? $geoNearCursor)?.queryPlanner
    const other = readsOthers(rest)
    if (other) yield unknown(`what its ${other} reads is not explained`)
    if (planner) yield* scansOf(planner, limits(rest), isStandIn)
    else yield unknown('it has no plan of a known form')
  } else if (queryPlanner) yield* scansOf(queryPlanner, false, isStandIn)
  else if (shards && Object.keys(shards).length > 0)
    for (const shard of Object.values<Document>(shards)) yield* scansIn(shard, isStandIn)
  else yield unknown('it has no plan of a known form')
}

/**
 * Judges what `explain` answers to a find, an aggregate or a count, at the verbosity `queryPlanner`: which collections
 * are read as a whole. A limit excuses a scan that it ends early, as in PostgreSQL.
 * Source of the forms: https://www.mongodb.com/docs/manual/reference/explain-results/
 */
export const judge = (answer: Document): Plan => planOf([...scansIn(answer, answer['serverInfo']?.host === 'secantus')])
