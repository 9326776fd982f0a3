import type { Document } from 'mongodb'

/** A command as the driver sent it. */
export interface Command {
  readonly name: string
  readonly database: string
  readonly body: Document
}

/** One statement of an update or findAndModify. */
export interface Update {
  readonly filter: Document
  /** Operators, a replacement, or a pipeline; undefined where a findAndModify removes. */
  readonly change: Readonly<Record<string, unknown>> | readonly Document[] | undefined
  readonly upsert: boolean
  readonly arrayFilters: boolean
}

const isObject = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** Every object inside a value with its depth, the value itself included; what `$literal` holds is a value and no code. */
export function* objectsIn(value: unknown, depth = 1): Generator<[object: Document, depth: number]> {
  if (Array.isArray(value)) {
    for (const element of value) yield* objectsIn(element, depth + 1)
  } else if (isObject(value)) {
    yield [value, depth]
    for (const [key, member] of Object.entries(value)) if (key !== '$literal') yield* objectsIn(member, depth + 1)
  }
}

/** Levels of objects and arrays, `$literal` included. */
export function depthOf(value: unknown): number {
  if (Array.isArray(value)) return 1 + Math.max(0, ...value.map(depthOf))
  return isObject(value) ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0
}

export const namesIn = (value: unknown): Set<string> =>
  new Set([...objectsIn(value)].flatMap(([object]) => Object.keys(object)))

/** True where one of the names is a key anywhere inside. */
export function uses(value: unknown, ...names: readonly string[]): boolean {
  for (const [object] of objectsIn(value)) if (names.some((name) => Object.hasOwn(object, name))) return true
  return false
}

export function updatesOf({ name, body }: Command): Update[] {
  if (name === 'update') {
    return (body['updates'] as Document[]).map(({ q, u, upsert, arrayFilters }) => ({
      filter: q,
      change: u,
      upsert: upsert === true,
      arrayFilters: arrayFilters !== undefined,
    }))
  }
  if (name !== 'findAndModify') return []
  const { query, update, upsert, arrayFilters } = body
  return [{ filter: query, change: update, upsert: upsert === true, arrayFilters: arrayFilters !== undefined }]
}

export const isPipeline = (change: Update['change']): change is readonly Document[] => Array.isArray(change)

/** `{ $set: … }` and its like, as opposed to a replacement. */
export const isOperators = (change: Update['change']): change is Readonly<Record<string, unknown>> =>
  isObject(change) && Object.keys(change)[0]?.startsWith('$') === true

export const isReplacement = (change: Update['change']): change is Readonly<Record<string, unknown>> =>
  isObject(change) && !isOperators(change)

/** The pipeline of an aggregate, and those inside of its stages. */
export function pipelinesOf({ name, body }: Command): Document[][] {
  const found: Document[][] = []
  const visit = (pipeline: Document[]): void => {
    found.push(pipeline)
    for (const stage of pipeline) {
      if (stage['$facet']) for (const inner of Object.values(stage['$facet'])) visit(inner as Document[])
      const inner = (stage['$lookup'] ?? stage['$unionWith'])?.pipeline
      if (inner) visit(inner)
    }
  }
  if (name === 'aggregate') visit(body['pipeline'])
  return found
}

/** Every stage of an aggregate or of an update's pipeline. */
export const stagesOf = (command: Command): Document[] => [
  ...pipelinesOf(command).flat(),
  ...updatesOf(command).flatMap(({ change }) => (isPipeline(change) ? [...change] : [])),
]

export const isStage = (command: Command, ...names: readonly string[]): Document[] =>
  stagesOf(command).flatMap((stage) => names.flatMap((name) => stage[name] ?? []))

/** Every filter document of a command: of a find, a count, a write, a `$match`. */
export function filtersOf(command: Command): Document[] {
  const { name, body } = command
  const own = name === 'find' ? body['filter'] : name === 'count' || name === 'distinct' ? body['query'] : undefined
  const deletes = name === 'delete' ? (body['deletes'] as Document[]).map(({ q }) => q as Document) : []
  return [
    ...(own ? [own as Document] : []),
    ...deletes,
    ...updatesOf(command).map(({ filter }) => filter),
    ...isStage(command, '$match'),
  ]
}

/** Documents that an insert or a replacement would store. */
export const storedBy = (command: Command): Document[] => [
  ...(command.name === 'insert' ? (command.body['documents'] as Document[]) : []),
  ...updatesOf(command).flatMap(({ change }) => (isReplacement(change) ? [change] : [])),
]

export const indexesOf = ({ name, body }: Command): Document[] =>
  name === 'createIndexes' ? (body['indexes'] as Document[]) : []

export const isInTransaction = ({ body }: Command): boolean => body['autocommit'] === false
