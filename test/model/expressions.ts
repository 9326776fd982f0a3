import { isDeepStrictEqual } from 'node:util'
import { type Document, Int32, Long } from 'mongodb'

/** It holds what is not told here: the evaluator, which knows all of MongoDB's and takes far longer, has to decide. */
export class Untold extends Error {}

/** The document that an expression is of, the variables that hold in it, and the server's clock. */
interface Scope {
  readonly document: Document
  readonly variables: Readonly<Record<string, unknown>>
  readonly now: Date
}

const isNil = (value: unknown): value is null | undefined => value === null || value === undefined
const isTrue = (value: unknown): boolean => !!value || value === ''
const isPlain = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

function untold(): never {
  throw new Untold()
}

const all = (of: unknown, scope: Scope): unknown[] =>
  Array.isArray(of) ? of.map((each) => evaluate(each, scope)) : [evaluate(of, scope)]

const one = (of: unknown, scope: Scope): unknown =>
  Array.isArray(of) ? (of.length === 1 ? evaluate(of[0], scope) : untold()) : evaluate(of, scope)

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : untold()
}

function isSame(a: unknown, b: unknown): boolean {
  if (isNil(a) && isNil(b) && a !== b) return untold()
  return a === b || (typeof a === 'object' && typeof b === 'object' && isDeepStrictEqual(a, b))
}

/** Values of one type alone: the order of types is the evaluator's. */
function order(of: unknown, scope: Scope): number {
  const [a, b] = all(of, scope)
  const isAlike = typeof a === typeof b && (typeof a === 'number' || typeof a === 'string')
  if (!isAlike && !(a instanceof Date && b instanceof Date)) return untold()
  return Number(a! > b!) - Number(a! < b!)
}

function typeOf(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (Array.isArray(value)) return 'array'
  if (value instanceof Date) return 'date'
  if (isPlain(value)) return 'object'
  return Number.isInteger(value) && Math.abs(value as number) < 2 ** 31 ? 'int' : untold()
}

function sum(values: readonly unknown[]): unknown {
  if (values.some(isNil)) return null
  const total = values.reduce<number>((most, each) => most + Number(each), 0)
  if (values.every((each) => typeof each === 'number')) return total
  return values[0] instanceof Date && values.length === 2 && typeof values[1] === 'number' ? new Date(total) : untold()
}

const within = (scope: Scope, name: string, value: unknown): Scope => ({
  ...scope,
  variables: { ...scope.variables, [name]: value },
})

const operators: Readonly<Record<string, (of: never, scope: Scope) => unknown>> = {
  $literal: (of: unknown) => read(of),
  $ifNull: (of: unknown[], scope) => {
    for (const each of of.slice(0, -1)) {
      const value = evaluate(each, scope)
      if (!isNil(value)) return value
    }
    return evaluate(of.at(-1), scope)
  },
  $cond: (of: unknown, scope) => {
    const [condition, then, otherwise] = Array.isArray(of) ? of : untold()
    return evaluate(isTrue(evaluate(condition, scope)) ? then : otherwise, scope)
  },
  $switch: ({ branches, default: otherwise }: Document, scope) => {
    for (const branch of branches) if (isTrue(evaluate(branch.case, scope))) return evaluate(branch.then, scope)
    return evaluate(otherwise, scope)
  },
  $and: (of: unknown[], scope) => of.every((each) => isTrue(evaluate(each, scope))),
  $or: (of: unknown[], scope) => of.some((each) => isTrue(evaluate(each, scope))),
  $eq: (of: unknown[], scope) => isSame(evaluate(of[0], scope), evaluate(of[1], scope)),
  $ne: (of: unknown[], scope) => !isSame(evaluate(of[0], scope), evaluate(of[1], scope)),
  $lt: (of: unknown, scope) => order(of, scope) < 0,
  $lte: (of: unknown, scope) => order(of, scope) <= 0,
  $gt: (of: unknown, scope) => order(of, scope) > 0,
  $gte: (of: unknown, scope) => order(of, scope) >= 0,
  $in: (of: unknown[], scope) => {
    const value = evaluate(of[0], scope)
    return listOf(evaluate(of[1], scope)).some((each) => isSame(value, each))
  },
  $type: (of: unknown, scope) => typeOf(one(of, scope)),
  $isArray: (of: unknown, scope) => Array.isArray(one(of, scope)),
  $isNumber: (of: unknown, scope) => typeof one(of, scope) === 'number',
  $filter: ({ input, as, cond }: Document, scope) =>
    listOf(evaluate(input, scope)).filter((each) => isTrue(evaluate(cond, within(scope, as, each)))),
  $map: ({ input, as, in: made }: Document, scope) =>
    listOf(evaluate(input, scope)).map((each) => evaluate(made, within(scope, as, each))),
  $concatArrays: (of: unknown[], scope) => {
    const lists = all(of, scope)
    return lists.some(isNil) ? null : lists.flatMap(listOf)
  },
  $mergeObjects: (of: unknown[], scope) =>
    Object.assign({}, ...all(of, scope).map((each) => (isNil(each) || isPlain(each) ? each : untold()))),
  $add: (of: unknown[], scope) => sum(all(of, scope)),
  $toLong: (of: unknown, scope) => {
    const value = one(of, scope)
    if (isNil(value)) return null
    return value instanceof Date || Number.isInteger(value) ? Number(value) : untold()
  },
  $toInt: (of: unknown, scope) => {
    const value = one(of, scope)
    if (isNil(value)) return null
    return Number.isInteger(value) && Math.abs(value as number) < 2 ** 31 ? value : untold()
  },
  $trunc: (of: unknown, scope) => {
    const value = one(of, scope)
    return typeof value === 'number' ? Math.trunc(value) : null
  },
  $indexOfCP: (of: unknown[], scope) => {
    const [whole, part] = all(of, scope)
    return typeof whole === 'string' ? whole.indexOf(String(part)) : null
  },
  $dateDiff: ({ startDate, endDate, unit }: Document, scope) =>
    unit === 'millisecond' ? Number(evaluate(endDate, scope)) - Number(evaluate(startDate, scope)) : untold(),
}

/** A value that is no expression. */
function read(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (Array.isArray(value)) return value.map(read)
  if (isPlain(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, read(each)]))
  if (value instanceof Long) return value.toNumber()
  return value instanceof Int32 ? value.valueOf() : value
}

function at(path: string, { document, variables, now }: Scope): unknown {
  const [first, ...keys] = path.split('.') as [string, ...string[]]
  let value: unknown = document
  if (!first.startsWith('$$')) value = document[first.slice(1)]
  else if (first === '$$NOW') value = now
  else value = Object.hasOwn(variables, first.slice(2)) ? variables[first.slice(2)] : untold()
  for (const key of keys) {
    if (isNil(value)) return undefined
    value = isPlain(value) ? value[key] : untold()
  }
  return value
}

function evaluate(of: unknown, scope: Scope): unknown {
  if (typeof of === 'string') return of.startsWith('$') ? at(of, scope) : of
  if (typeof of !== 'object' || of === null) return of
  if (Array.isArray(of)) return of.map((each) => evaluate(each, scope))
  if (!isPlain(of)) return read(of)
  const keys = Object.keys(of)
  const [name] = keys
  if (name?.startsWith('$')) return (operators[name] ?? untold())(of[name] as never, scope)
  const made: Document = {}
  for (const key of keys) made[key] = evaluate(of[key], scope)
  return made
}

const stages: Readonly<Record<string, (of: never, document: Document, now: Date) => Document>> = {
  $set: (of: Document, document, now) => {
    const scope = { document, variables: {}, now }
    const next = { ...document }
    for (const path of Object.keys(of)) {
      const value = path.includes('.') ? untold() : evaluate(of[path], scope)
      if (value === undefined) delete next[path]
      else next[path] = value
    }
    return next
  },
  $replaceWith: (of: unknown, document, now) => {
    const made = evaluate(of, { document, variables: {}, now })
    return isPlain(made) ? made : untold()
  },
  $unset: (path: unknown, { ...next }) => {
    if (typeof path !== 'string' || path.includes('.')) return untold()
    delete next[path]
    return next
  },
}

/** What a pipeline makes of one document, which stays as it is. @throws Untold */
export function piped(pipeline: readonly Document[], document: Document): Document {
  const now = new Date()
  return pipeline.reduce((made, stage) => {
    const [name, ...more] = Object.keys(stage)
    const run = more.length === 0 ? stages[name!] : undefined
    return (run ?? untold())(stage[name!] as never, made, now)
  }, document)
}
