import { BSON, type Document } from 'mongodb'
import {
  type Command,
  depthOf,
  filtersOf,
  indexesOf,
  isInTransaction,
  isOperators,
  isPipeline,
  isReplacement,
  isStage,
  namesIn,
  objectsIn,
  pipelinesOf,
  stagesOf,
  storedBy,
  updatesOf,
  uses,
} from './command.ts'

/** What a rule must remember of earlier commands: indexes by collection, and collections that are watched. */
export interface Memory {
  readonly indexes: Map<string, Set<string>>
  readonly watched: Set<string>
}

/** Something that MongoDB 6.0, 7.0 or 8.0 refuses. */
export interface Rule {
  readonly says: string
  /** Page of the MongoDB manual, below https://www.mongodb.com/docs/manual/reference/. */
  readonly page: string
  readonly isBroken: (command: Command, memory: Memory) => boolean
}

const rule = (says: string, page: string, isBroken: Rule['isBroken']): Rule => ({ says, page, isBroken })

const updateStages = new Set(['$addFields', '$set', '$project', '$unset', '$replaceRoot', '$replaceWith'])
const partialOperators = new Set(['$and', '$or', '$in', '$eq', '$exists', '$gt', '$gte', '$lt', '$lte', '$type'])
const ranks = ['$rank', '$denseRank', '$documentNumber']
const ordered = ['$shift', '$expMovingAvg', '$derivative', '$integral', '$linearFill', '$locf', '$minMaxScaler']
const notInTransactions = new Set(
  'count createIndexes listCollections listIndexes listDatabases explain killCursors collMod dropIndexes drop dropDatabase renameCollection hello ping buildInfo serverStatus getParameter setParameter'.split(
    ' ',
  ),
)
const stable = new Set(
  'abortTransaction aggregate authenticate bulkWrite collMod commitTransaction count create createIndexes delete drop dropDatabase dropIndexes endSessions explain find findAndModify getMore hello insert killCursors listCollections listDatabases listIndexes ping refreshSessions update'.split(
    ' ',
  ),
)
/** What tools of ours and tests ask of a server by itself, never of an app's data. */
const administrative = new Set(
  'buildInfo replSetInitiate replSetGetConfig replSetReconfig replSetStepDown configureFailPoint createUser dropUser createRole grantRolesToUser revokeRolesFromUser getParameter setParameter serverStatus connectionStatus usersInfo currentOp killSessions killAllSessions getLog shutdown saslStart saslContinue'.split(
    ' ',
  ),
)

const mebibyte = 1024 * 1024
const stageName = (stage: Document): string => Object.keys(stage)[0] ?? ''
const sortKeys = (window: Document): number => Object.keys(window['sortBy'] ?? {}).length
const outputs = (window: Document): Document[] => Object.values(window['output'] ?? {}) as Document[]
/** Paths that the operators of an update write; of the named ones, or all. */
const setPaths = (change: Document, ...names: readonly string[]): string[] =>
  Object.entries(change).flatMap(([name, fields]) =>
    names.length === 0 || names.includes(name) ? Object.keys(fields as object) : [],
  )
const inside = (paths: readonly string[]): boolean =>
  paths.some((path) => paths.some((other) => other !== path && other.startsWith(`${path}.`)))
const isBounded = ({ window }: Document): boolean =>
  window?.documents?.some((bound: unknown) => bound !== 'unbounded') === true
const isTrue = (value: unknown): boolean => value === true || value === 1
const mixed = (projection: Document): boolean => {
  const kinds = new Set(
    Object.entries(projection).flatMap(([key, value]) => (key === '_id' ? [] : [value !== 0 && value !== false])),
  )
  return kinds.size === 2
}
const projectionsOf = (command: Command): Document[] => [
  ...isStage(command, '$project'),
  ...(command.name === 'find' && command.body['projection'] ? [command.body['projection'] as Document] : []),
]
const patternsIn = (value: unknown): string[] =>
  [...objectsIn(value)].flatMap(([{ $regex, regex }]) =>
    [$regex, regex?.$literal ?? regex].filter((each) => typeof each === 'string'),
  )
const emptyLists = (filter: Document): boolean =>
  ['$and', '$or', '$nor'].some(
    (name) => Array.isArray(filter[name]) && (filter[name].length === 0 || filter[name].some(emptyLists)),
  )
const namespaceOf = ({ database, body, name }: Command): string => `${database}.${String(body[name])}`
const allNamed = ({ database, body }: Command, memory: Memory, collection: string): Set<string> => {
  const key = `${database}.${collection}`
  const known = memory.indexes.get(key) ?? new Set<string>()
  for (const { name } of (body['indexes'] ?? []) as Document[]) known.add(name)
  memory.indexes.set(key, known)
  return known
}

/** One rule a line, with its page. The servers' own wording is kept where one is known, since that is what is searched for. */
// biome-ignore format: a table
export const rules: readonly Rule[] = [
  // Filters
  rule('$expr is not allowed in the query predicate for an upsert', 'command/update', (c) => updatesOf(c).some(({ upsert, filter }) => upsert && uses(filter, '$expr'))),
  rule('$where, $text, $near and $nearSphere are not allowed in an upsert', 'command/update', (c) => updatesOf(c).some(({ upsert, filter }) => upsert && uses(filter, '$where', '$text', '$near', '$nearSphere'))),
  rule('$near, $nearSphere and $where are not allowed in $match', 'operator/aggregation/match', (c) => isStage(c, '$match').some((match) => uses(match, '$near', '$nearSphere', '$where'))),
  rule('$text in $match is only allowed in the first stage', 'operator/aggregation/match', (c) => pipelinesOf(c).some((stages) => stages.slice(1).some(({ $match }) => uses($match, '$text')))),
  rule('$text is not allowed in $nor or $elemMatch', 'operator/query/text', (c) => filtersOf(c).some((filter) => [...objectsIn(filter)].some(([each]) => uses([each['$nor'], each['$elemMatch']], '$text')))),
  rule('$and/$or/$nor must be a nonempty array', 'operator/query/or', (c) => filtersOf(c).some(emptyLists)),
  rule('server-side JavaScript may be disabled', 'operator/query/where', (c) => uses([filtersOf(c), stagesOf(c)], '$where', '$function', '$accumulator')),
  rule('a regular expression is at most 32,764 bytes long', 'operator/query/regex', (c) => patternsIn(c.body).some((pattern) => Buffer.byteLength(pattern) > 32_764)),
  // Windows
  rule('$rank, $denseRank and $documentNumber must be specified with a top level sortBy expression with exactly one element', 'operator/aggregation/documentNumber', (c) => isStage(c, '$setWindowFields').some((window) => sortKeys(window) !== 1 && outputs(window).some((output) => uses(output, ...ranks)))),
  rule('$shift, $derivative, $linearFill and their like need a sortBy', 'operator/aggregation/shift', (c) => isStage(c, '$setWindowFields').some((window) => sortKeys(window) === 0 && outputs(window).some((output) => uses(output, ...ordered)))),
  rule('$derivative, $integral and $linearFill need exactly one sort key', 'operator/aggregation/linearFill', (c) => isStage(c, '$setWindowFields').some((window) => sortKeys(window) > 1 && outputs(window).some((output) => uses(output, '$derivative', '$integral', '$linearFill')))),
  rule('range-based windows need a sortBy with exactly one ascending key', 'operator/aggregation/setWindowFields', (c) => isStage(c, '$setWindowFields').some((window) => outputs(window).some((output) => output['window']?.range) && !(sortKeys(window) === 1 && Object.values(window['sortBy'])[0] === 1))),
  rule('document-based windows with a bound need a sortBy', 'operator/aggregation/setWindowFields', (c) => isStage(c, '$setWindowFields').some((window) => sortKeys(window) === 0 && outputs(window).some(isBounded))),
  rule('ranks take no window', 'operator/aggregation/rank', (c) => isStage(c, '$setWindowFields').some((window) => outputs(window).some((output) => output['window'] && uses(output, ...ranks)))),
  // Pipelines
  rule('a pipeline has at most 1,000 stages', 'limits', (c) => pipelinesOf(c).some((stages) => stages.length > 1_000) || updatesOf(c).some(({ change }) => isPipeline(change) && change.length > 1_000)),
  rule('a stage has exactly one field', 'operator/aggregation-pipeline', (c) => pipelinesOf(c).flat().some((stage) => Object.keys(stage).length !== 1)),
  rule('$out and $merge are last', 'operator/aggregation/merge', (c) => pipelinesOf(c).some((stages) => stages.slice(0, -1).some((stage) => ['$out', '$merge'].includes(stageName(stage))))),
  rule('$geoNear, $search, $changeStream, $collStats and $indexStats are first', 'operator/aggregation/geoNear', (c) => pipelinesOf(c).some((stages) => stages.slice(1).some((stage) => ['$geoNear', '$search', '$changeStream', '$collStats', '$indexStats'].includes(stageName(stage))))),
  rule('a projection either includes or excludes', 'operator/aggregation/project', (c) => projectionsOf(c).some(mixed)),
  rule('Path collision: a projection names a path and one inside of it', 'method/db.collection.find', (c) => projectionsOf(c).some((projection) => inside(Object.keys(projection)))),
  rule('a $project is not empty', 'operator/aggregation/project', (c) => isStage(c, '$project').some((projection) => Object.keys(projection).length === 0)),
  rule('a $limit is positive', 'operator/aggregation/limit', (c) => isStage(c, '$limit').some((limit) => Number(limit) < 1)),
  rule('a $sort has one key at least and 32 at most', 'operator/aggregation/sort', (c) => isStage(c, '$sort').some((sort) => Object.keys(sort).length === 0 || Object.keys(sort).length > 32)),
  rule('names that a stage computes may not begin with $', 'operator/aggregation/set', (c) => isStage(c, '$set', '$addFields', '$project').some((stage) => Object.keys(stage).some((name) => name.startsWith('$') || name.split('.').some((step) => step === '' || step.startsWith('$'))))),
  // Updates
  rule('an update pipeline holds $set, $unset, $project, $replaceWith and their aliases alone', 'command/update', (c) => updatesOf(c).some(({ change }) => isPipeline(change) && change.some((stage) => !updateStages.has(stageName(stage))))),
  rule('arrayFilters do not go with a pipeline', 'command/update', (c) => updatesOf(c).some(({ change, arrayFilters }) => arrayFilters && isPipeline(change))),
  rule('Updating a path would create a conflict with one inside of it', 'operator/update', (c) => updatesOf(c).some(({ change }) => isOperators(change) && inside(setPaths(change)))),
  rule('Updating a path twice would create a conflict', 'operator/update', (c) => updatesOf(c).some(({ change }) => isOperators(change) && new Set(setPaths(change)).size < setPaths(change).length)),
  rule('a path of an update has no step that is empty or begins with $, but $, $[] and $[name]', 'operator/update', (c) => updatesOf(c).some(({ change }) => isOperators(change) && setPaths(change).some((path) => path.split('.').some((step) => step === '' || (step.startsWith('$') && !/^\$(\[\w*\])?$/.test(step)))))),
  rule('names of a replacement may not begin with $ at the top', 'limits', (c) => updatesOf(c).some(({ change }) => isReplacement(change) && Object.keys(change).some((name) => name.startsWith('$')))),
  rule('Multi-update is not supported for replacement-style update', 'command/update', (c) => c.name === 'update' && (c.body['updates'] as Document[]).some(({ u, multi }) => multi === true && isReplacement(u))),
  rule('the _id is not changed', 'operator/update/set', (c) => updatesOf(c).some(({ change }) => isOperators(change) && setPaths(change, '$set', '$unset', '$inc', '$rename').includes('_id'))),
  rule('findAndModify removes, or updates; with remove there is no new and no upsert', 'command/findAndModify', (c) => c.name === 'findAndModify' && isTrue(c.body['remove']) && (c.body['update'] !== undefined || isTrue(c.body['new']) || isTrue(c.body['upsert']))),
  // Stored documents
  rule('an _id is no array and no regular expression, and names in it do not begin with $', 'limits', (c) => storedBy(c).some(({ _id }) => Array.isArray(_id) || _id instanceof RegExp || _id instanceof BSON.BSONRegExp || [...namesIn(_id)].some((name) => name.startsWith('$')))),
  rule('documents are nested at most 100 deep', 'limits', (c) => storedBy(c).some((document) => depthOf(document) > 100) || updatesOf(c).some(({ change }) => change !== undefined && !isReplacement(change) && depthOf(change) > 180)),
  rule('a filter is at most 100 conditions deep', 'limits', (c) => filtersOf(c).some((filter) => depthOf(filter) > 180)),
  rule('a document is at most 16 MiB', 'limits', (c) => storedBy(c).some((document) => BSON.calculateObjectSize(document) > 16 * mebibyte)),
  rule('a statement is at most 16 MiB', 'limits', (c) => updatesOf(c).some(({ filter, change }) => BSON.calculateObjectSize({ filter, change } as Document) > 16 * mebibyte) || ((c.name === 'find' || c.name === 'aggregate') && BSON.calculateObjectSize(c.body) > 16 * mebibyte + 16_384)),
  rule('a write batch has at most 100,000 statements', 'limits', (c) => ['documents', 'updates', 'deletes'].some((name) => Array.isArray(c.body[name]) && c.body[name].length > 100_000)),
  // Indexes
  rule('a partial index takes $exists: true, comparisons, $type, $and, $or and $in alone', 'operator/query', (c) => indexesOf(c).some(({ partialFilterExpression: filter }) => [...namesIn(filter)].some((name) => name.startsWith('$') && !partialOperators.has(name)) || [...objectsIn(filter)].some(([{ $exists }]) => $exists === false))),
  rule('an index is sparse or partial', 'command/createIndexes', (c) => indexesOf(c).some(({ sparse, partialFilterExpression }) => sparse === true && partialFilterExpression !== undefined)),
  rule('an index of _id is not sparse, partial or unique by option', 'command/createIndexes', (c) => indexesOf(c).some(({ key, sparse, partialFilterExpression }) => Object.keys(key).join() === '_id' && (sparse === true || partialFilterExpression !== undefined))),
  rule('a collection has at most 64 indexes', 'limits', (c, memory) => c.name === 'createIndexes' && allNamed(c, memory, c.body['createIndexes']).size > 63),
  rule('an index has at most 32 keys', 'limits', (c) => indexesOf(c).some(({ key }) => Object.keys(key).length > 32)),
  rule('text, 2d and geoHaystack indexes have the simple collation', 'command/createIndexes', (c) => indexesOf(c).some(({ key, collation }) => collation !== undefined && collation.locale !== 'simple' && Object.values(key).some((each) => each === 'text' || each === '2d'))),
  rule('hashed and wildcard indexes are not unique', 'command/createIndexes', (c) => indexesOf(c).some(({ key, unique }) => unique === true && Object.entries(key).some(([path, each]) => each === 'hashed' || path.includes('$**')))),
  // Options
  rule('hint, collation and let are no options of an insert', 'command/insert', (c) => c.name === 'insert' && ['hint', 'collation', 'let'].some((name) => c.body[name] !== undefined)),
  rule('hint is an option of distinct from 7.1 on', 'command/distinct', (c) => c.name === 'distinct' && c.body['hint'] !== undefined),
  rule('let is no option of a count, a distinct or createIndexes', 'command/count', (c) => ['count', 'distinct', 'createIndexes'].includes(c.name) && c.body['let'] !== undefined),
  rule('constants (c) go with a pipeline alone', 'command/update', (c) => c.name === 'update' && (c.body['updates'] as Document[]).some(({ u, c: constants }) => constants !== undefined && !isPipeline(u))),
  rule('maxTimeMS on getMore is for tailable cursors that await data', 'command/getMore', (c, memory) => c.name === 'getMore' && c.body['maxTimeMS'] !== undefined && !memory.watched.has(`${c.database}.${c.body['collection']}`)),
  rule('a read takes no write concern', 'write-concern', (c) => ['find', 'count', 'distinct', 'getMore', 'listIndexes', 'listCollections'].includes(c.name) && c.body['writeConcern'] !== undefined),
  rule('a write takes no read concern outside of a transaction', 'read-concern', (c) => ['insert', 'update', 'delete', 'createIndexes'].includes(c.name) && !isInTransaction(c) && c.body['readConcern']?.level !== undefined),
  rule('an explained aggregate takes no read concern but local', 'command/explain', (c) => c.name === 'explain' && c.body['explain']?.aggregate !== undefined && [c.body, c.body['explain']].some(({ readConcern }) => !['local', undefined].includes(readConcern?.level))),
  rule('w: 0 does not go with j: true', 'write-concern', (c) => c.body['writeConcern']?.w === 0 && c.body['writeConcern']?.j === true),
  // Transactions
  rule('write concern inside of a transaction is that of its commit', 'command/commitTransaction', (c) => isInTransaction(c) && c.body['writeConcern'] !== undefined && c.name !== 'commitTransaction' && c.name !== 'abortTransaction'),
  rule('read concern inside of a transaction is that of its first command', 'read-concern', (c) => isInTransaction(c) && c.body['startTransaction'] !== true && c.body['readConcern']?.level !== undefined),
  rule('a transaction takes no DDL on what exists, no count, no explain and nothing administrative', 'command/commitTransaction', (c) => isInTransaction(c) && notInTransactions.has(c.name)),
  rule('a transaction takes no $out, $merge, $collStats, $currentOp, $indexStats, $listSessions or $planCacheStats', 'command/commitTransaction', (c) => isInTransaction(c) && pipelinesOf(c).flat().some((stage) => ['$out', '$merge', '$collStats', '$currentOp', '$indexStats', '$listLocalSessions', '$listSessions', '$planCacheStats'].includes(stageName(stage)))),
  rule('a transaction writes to no system, admin, config or local namespace', 'command/commitTransaction', (c) => isInTransaction(c) && (['admin', 'config', 'local'].includes(c.database) || namespaceOf(c).includes('.system.')) && ['insert', 'update', 'delete', 'findAndModify'].includes(c.name)),
  // Stable API
  rule('a command of the stable API, version 1', 'stable-api', (c) => !stable.has(c.name) && !administrative.has(c.name)),
  rule('a stage of the stable API, version 1', 'stable-api', (c) => pipelinesOf(c).flat().some((stage) => ['$currentOp', '$indexStats', '$listLocalSessions', '$listSessions', '$planCacheStats', '$search', '$searchMeta'].includes(stageName(stage)))),
]

/** Notes what rules must remember; for every command, once. */
export function remember(command: Command, memory: Memory): void {
  const { name, database, body } = command
  if (
    pipelinesOf(command)
      .flat()
      .some(({ $changeStream }) => $changeStream !== undefined)
  )
    memory.watched.add(body['aggregate'] === 1 ? `${database}.$cmd.aggregate` : namespaceOf(command))
  if (name === 'find' && body['awaitData'] === true) memory.watched.add(namespaceOf(command))
  if (name === 'dropDatabase')
    for (const key of memory.indexes.keys()) if (key.startsWith(`${database}.`)) memory.indexes.delete(key)
  if (name === 'drop') memory.indexes.delete(namespaceOf(command))
}
