import { Aggregator } from 'mingo/aggregator'
import { Context, evalExpr } from 'mingo/core'
import * as accumulators from 'mingo/operators/accumulator'
import * as expressions from 'mingo/operators/expression'
import * as stages from 'mingo/operators/pipeline'
import * as queries from 'mingo/operators/query'
import { Query } from 'mingo/query'
import { type Document, Int32, Long, MongoServerError } from 'mongodb'
import { piped, Untold } from './expressions.ts'
import { plainTest } from './plain-filter.ts'

/** One collection: documents by the text of their id. */
interface Stored {
  readonly documents: Map<string, Document>
  /** Paths of unique indexes of one path each. */
  readonly unique: string[]
}

/** All that one MongoDB server keeps. Each function below is one command: atomic, as on a real server. */
export type MongoState = Map<string, Stored>

/** What the evaluator lacks of the operators that mappings use, and what it takes otherwise than MongoDB. */
const own = {
  $indexOfCP: (document: unknown, [text, part]: readonly unknown[], options: never) => {
    const whole = evalExpr(document, text, options)
    return typeof whole === 'string' ? whole.indexOf(String(evalExpr(document, part, options))) : null
  },
  $trunc: (document: unknown, of: unknown, options: never) => {
    const value = evalExpr(document, Array.isArray(of) ? of[0] : of, options)
    return typeof value === 'number' ? Math.trunc(value) : null
  },
}

const context = Context.init({
  accumulator: accumulators as never,
  expression: { ...expressions, ...own } as never,
  pipeline: stages as never,
  query: queries,
})
// The evaluator copies all that it knows for each call; nothing changes it here, and copies take most of the time
Context.from = () => context
const evaluated = { context }

const keyOf = (id: unknown): string => JSON.stringify(id)

const dates = Date.prototype
const plain = Object.prototype

/** What BSON makes of a value that is no plain object; the value itself where it leaves it as it is. */
function unboxed(value: object): unknown {
  if (value instanceof Long) return value.toNumber()
  return value instanceof Int32 ? value.valueOf() : value
}

/** What the driver and BSON make of a value on its way: copies, and numbers in place of longs. */
export function copy<T>(value: T): T {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(copy) as T
  const prototype = Object.getPrototypeOf(value)
  if (prototype === dates) return value
  if (prototype !== plain) {
    const inner = unboxed(value)
    if (inner !== value) return inner as T
  }
  const made: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const each = (value as Record<string, unknown>)[key]
    if (each !== undefined) made[key] = copy(each)
  }
  return made as T
}

function sentAll(values: readonly unknown[]): readonly unknown[] {
  let made: unknown[] | null = null
  for (let index = 0; index < values.length; index++) {
    const inner = sent(values[index])
    if (inner !== values[index]) (made ??= [...values])[index] = inner
  }
  return made ?? values
}

/** The same of what is only read: no more of it is copied than has to be another. */
function sent<T>(value: T): T {
  if (value === null || typeof value !== 'object') return value
  const prototype = Object.getPrototypeOf(value)
  if (prototype === dates) return value
  if (Array.isArray(value)) return sentAll(value) as T
  if (prototype !== plain) return unboxed(value) as T
  let made: Record<string, unknown> | null = null
  for (const key of Object.keys(value)) {
    const each = (value as Record<string, unknown>)[key]
    const inner = sent(each)
    if (inner === each && each !== undefined) continue
    made ??= { ...value } as Record<string, unknown>
    if (inner === undefined) delete made[key]
    else made[key] = inner
  }
  return (made ?? value) as T
}

export function collectionOf(state: MongoState, name: string): Stored {
  let found = state.get(name)
  if (!found) state.set(name, (found = { documents: new Map(), unique: [] }))
  return found
}

export const copyState = (state: MongoState): MongoState =>
  new Map([...state].map(([name, { documents, unique }]) => [name, { documents: new Map(documents), unique }]))

/** Ids that a filter names; null where it names none. A plain comparison by id is what the server's index is for. */
function named(filter: Document): unknown[] | null {
  const { _id, $and } = filter
  if (_id !== undefined) {
    if (_id === null || typeof _id !== 'object' || Array.isArray(_id)) return [_id]
    const keys = Object.keys(_id)
    if (keys.length === 1 && keys[0] === '$in') return _id.$in
    if (!keys.some((key) => key.startsWith('$'))) return [_id]
  }
  for (const part of $and ?? []) {
    const found = named(part)
    if (found) return found
  }
  return null
}

function matching(state: MongoState, name: string, raw: Document): Document[] {
  const filter = sent(raw)
  const { documents } = collectionOf(state, name)
  const ids = named(filter)
  const among = ids ? ids.flatMap((id) => documents.get(keyOf(id)) ?? []) : [...documents.values()]
  if (among.length === 0 || Object.keys(filter).length === 0) return among
  return among.filter(plainTest(filter, ids !== null) ?? evaluatedTest(filter))
}

/** A filter by the evaluator of all that MongoDB has. */
export function evaluatedTest(filter: Document): (document: Document) => boolean {
  const query = new Query(filter, evaluated)
  return (document) => query.test(document)
}

const valueAt = (document: Document, path: string): unknown =>
  path.split('.').reduce<unknown>((value, key) => (value as Document | null | undefined)?.[key], document)

/** @throws MongoServerError E11000 */
function store(state: MongoState, name: string, document: Document): void {
  const { documents, unique } = collectionOf(state, name)
  for (const path of unique) {
    const value = valueAt(document, path)
    for (const other of documents.values())
      if (keyOf(other['_id']) !== keyOf(document['_id']) && value != null && valueAt(other, path) === value)
        throw duplicate(path, value)
  }
  documents.set(keyOf(document['_id']), document)
}

const duplicate = (path: string, value: unknown): MongoServerError =>
  new MongoServerError({ message: 'E11000', code: 11000, keyPattern: { [path]: 1 }, keyValue: { [path]: value } })

/** The object at a path, made where it is missing. */
function parentOf(document: Document, path: string): readonly [parent: Document, key: string] {
  const keys = path.split('.')
  const key = keys.pop()!
  return [keys.reduce((parent, each) => (parent[each] ??= {}), document), key]
}

/** What a pipeline makes of documents, which stay as they are. */
function throughAll(pipeline: Document[], documents: readonly Document[]): Document[] {
  try {
    return documents.map((document) => piped(pipeline, document))
  } catch (error) {
    if (error instanceof Untold) return evaluatedPipeline(pipeline, documents)
    throw error
  }
}

/** The same by the evaluator. */
export const evaluatedPipeline = (pipeline: Document[], documents: readonly Document[]): Document[] =>
  new Aggregator(sent(pipeline), evaluated).run(documents.map(copy))

const operators: Readonly<Record<string, (parent: Document, key: string, value: unknown) => void>> = {
  $set: (parent, key, value) => {
    parent[key] = value
  },
  $unset: (parent, key) => {
    delete parent[key]
  },
}

function changed(document: Document, update: Document | Document[]): Document {
  // What it makes may hold parts of the update, which is the caller's
  if (Array.isArray(update)) return copy(throughAll(update, [document])[0]!)
  const after = copy(document)
  for (const [name, paths] of Object.entries(copy(update)))
    for (const [path, value] of Object.entries(paths)) operators[name]!(...parentOf(after, path), value)
  return after
}

interface FindOptions {
  readonly sort?: Document
  readonly limit?: number
}

export function find(state: MongoState, name: string, filter: Document, { sort, limit }: FindOptions = {}): Document[] {
  const found = matching(state, name, filter)
  const [path] = Object.keys(sort ?? {})
  if (path) found.sort((a, b) => order(valueAt(a, path), valueAt(b, path)) * sort![path])
  return (limit ? found.slice(0, limit) : found).map(copy)
}

const order = (a: unknown, b: unknown): number => (Number(a! > b!) - Number(a! < b!)) as number

export function insert(state: MongoState, name: string, document: Document): void {
  const { documents } = collectionOf(state, name)
  const made = copy({ _id: `made ${documents.size}`, ...document })
  if (documents.has(keyOf(made['_id']))) throw duplicate('_id', made['_id'])
  store(state, name, made)
}

/** Documents as they are stored: whoever hands one on copies it. */
export interface Updated {
  readonly matched: boolean
  readonly before: Document | null
  readonly after: Document | null
}

export function update(
  state: MongoState,
  name: string,
  filter: Document,
  change: Document | Document[],
  { upsert = false }: { readonly upsert?: boolean } = {},
): Updated {
  const [before] = matching(state, name, filter)
  if (before) {
    const after = changed(before, change)
    store(state, name, after)
    return { matched: true, before, after }
  }
  if (!upsert) return { matched: false, before: null, after: null }
  const after = changed({ _id: filter['_id'] }, change)
  if (collectionOf(state, name).documents.has(keyOf(after['_id']))) throw duplicate('_id', after['_id'])
  store(state, name, after)
  return { matched: false, before: null, after }
}

export function remove(state: MongoState, name: string, filter: Document): number {
  const [found] = matching(state, name, filter)
  return found && collectionOf(state, name).documents.delete(keyOf(found['_id'])) ? 1 : 0
}

export const count = (state: MongoState, name: string, filter: Document): number => matching(state, name, filter).length

export function aggregate(state: MongoState, name: string, pipeline: Document[]): Document[] {
  const union = pipeline.findLastIndex((stage) => '$unionWith' in stage)
  if (union >= 0) {
    const { coll, pipeline: own } = pipeline[union]!['$unionWith']
    const both = [...aggregate(state, name, pipeline.slice(0, union)), ...aggregate(state, coll, own)]
    return new Aggregator(copy(pipeline.slice(union + 1)), evaluated).run(both).map(copy)
  }
  const matches = pipeline[0] && '$match' in pipeline[0]
  const { $match: filter = {} } = matches ? pipeline[0]! : {}
  const [first, ...rest] = matches ? pipeline.slice(1) : pipeline
  if (!first) return find(state, name, filter)
  const sorts = '$sort' in first
  const from = find(state, name, filter, sorts ? { sort: first['$sort'] } : {})
  return throughAll(sorts ? rest : [first, ...rest], from)
}
