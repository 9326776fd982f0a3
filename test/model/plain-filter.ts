import type { Document } from 'mongodb'

type Test = (value: unknown) => boolean

const isScalar = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'

const isPlain = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** In an order, values are compared with those of their own type alone. */
const ordered = (wanted: unknown, isSo: (a: number, b: number) => boolean): Test | null => {
  const bound = Number(wanted)
  if (typeof wanted === 'number') return (value) => typeof value === 'number' && isSo(value, bound)
  return wanted instanceof Date ? (value) => value instanceof Date && isSo(Number(value), bound) : null
}

function opposite(wanted: unknown): Test | null {
  const test = isPlain(wanted) ? compared(wanted) : null
  return test && ((value) => !test(value))
}

function among(wanted: readonly unknown[]): Test | null {
  if (!wanted.every(isScalar)) return null
  return (value) => (Array.isArray(value) ? value.some((each) => wanted.includes(each)) : wanted.includes(value))
}

const operators: Readonly<Record<string, (wanted: never) => Test | null>> = {
  $eq: (wanted: unknown) => (isPlain(wanted) ? null : compared(wanted)),
  $in: among,
  $not: opposite,
  $gt: (wanted: unknown) => ordered(wanted, (a, b) => a > b),
  $gte: (wanted: unknown) => ordered(wanted, (a, b) => a >= b),
  $lt: (wanted: unknown) => ordered(wanted, (a, b) => a < b),
  $lte: (wanted: unknown) => ordered(wanted, (a, b) => a <= b),
  $type: (wanted: unknown) => (wanted === 'date' ? (value) => value instanceof Date : null),
}

function compared(wanted: unknown): Test | null {
  if (wanted === null) return (value) => value === null || value === undefined
  if (!isPlain(wanted)) return among([wanted])
  const tests = Object.keys(wanted).map((name) => operators[name]?.(wanted[name] as never) ?? null)
  return tests.length > 0 && !tests.includes(null) ? (value) => tests.every((test) => test!(value)) : null
}

/** The value at a path through objects. */
const reader = (path: string): ((document: Document) => unknown) => {
  const [first, second, ...more] = path.split('.') as [string, ...string[]]
  if (second === undefined) return (document) => document[first]
  if (more.length === 0) return (document) => document[first]?.[second]
  return (document) =>
    more.reduce<unknown>((value, key) => (value as Document | null | undefined)?.[key], document[first]?.[second])
}

/**
 * What most filters ask, decided without the evaluator, which takes far longer: comparisons of single values at paths
 * through objects. Null for any other filter.
 *
 * @param isNamed documents have been looked up by their ids already.
 */
export function plainTest(filter: Document, isNamed: boolean): ((document: Document) => boolean) | null {
  const tests: ((document: Document) => boolean)[] = []
  for (const path of Object.keys(filter)) {
    if (isNamed && path === '_id') continue
    const test = path.startsWith('$') ? null : compared(filter[path])
    if (!test) return null
    const read = reader(path)
    tests.push((document) => test(read(document)))
  }
  return (document) => tests.every((test) => test(document))
}
