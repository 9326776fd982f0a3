import { isPlainObject, type Json } from '../util/json.ts'
import type { Answer, AnswerError } from './side.ts'

/** Where two answers differ. */
export interface AnswerDifference {
  /** - value: another value, or a list of another length; order: the same members of an object in another order;
   * error: one side refuses what the other one does not, or for another reason. */
  readonly kind: 'value' | 'order' | 'error'
  /** From the root, without places in lists: `movies.edges.node.title`. */
  readonly path: string
  /** The first place that differs so, with them. */
  readonly at: string
  readonly a: Json
  readonly b: Json
}

type Place = readonly (string | number)[]

const general = (at: Place): string => at.filter((key) => typeof key === 'string').join('.')

const counted = (list: readonly unknown[]): string => `(${list.length} values)`

/** By path, the first of each. */
type Found = Map<string, AnswerDifference>

function note(found: Found, kind: AnswerDifference['kind'], at: Place, a: Json, b: Json): void {
  const path = general(at)
  const key = `${kind} ${path}`
  if (!found.has(key)) found.set(key, { kind, path, at: at.join('.'), a, b })
}

const missing = '(missing)'

function walk(found: Found, at: Place, a: Json, b: Json): void {
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) note(found, 'value', at, counted(a), counted(b))
    else for (const [index, each] of a.entries()) walk(found, [...at, index], each, b[index]!)
  } else if (isPlainObject(a) && isPlainObject(b)) {
    const [ours, theirs] = [Object.keys(a), Object.keys(b)]
    for (const key of new Set([...ours, ...theirs]))
      walk(found, [...at, key], a[key] ?? gap(a, key), b[key] ?? gap(b, key))
    if (ours.length === theirs.length && ours.some((key, index) => Object.hasOwn(b, key) && theirs[index] !== key))
      note(found, 'order', at, ours, theirs)
  } else if (a !== b) note(found, 'value', at, a, b)
}

const gap = (object: object, key: string): Json => (Object.hasOwn(object, key) ? null : missing)

/** Errors as a set: servers list them in the order in which they come. */
function walkErrors(found: Found, a: readonly AnswerError[], b: readonly AnswerError[]): void {
  const byPlace = (errors: readonly AnswerError[]) => Map.groupBy(errors, ({ path }) => path.join('.'))
  const [ours, theirs] = [byPlace(a), byPlace(b)]
  const codes = (errors: readonly AnswerError[] = []): string[] => errors.map(({ code }) => code).sort()
  for (const place of new Set([...ours.keys(), ...theirs.keys()])) {
    const [one, other] = [codes(ours.get(place)), codes(theirs.get(place))]
    const { path } = (ours.get(place) ?? theirs.get(place))![0]!
    if (one.join() !== other.join()) note(found, 'error', path, one.join() || null, other.join() || null)
  }
}

/** Where two answers to one operation differ, one for each path and kind; empty where a client would see the same. */
export function answerDifferences(
  a: Pick<Answer, 'data' | 'errors'>,
  b: Pick<Answer, 'data' | 'errors'>,
): AnswerDifference[] {
  const found: Found = new Map()
  walkErrors(found, a.errors, b.errors)
  walk(found, [], a.data, b.data)
  return [...found.values()]
}

/** Whether an answer shows anything at a path that counts: of two that do not, equality says little. */
export function showsSomething(data: Json, counts: (path: string) => boolean, path: readonly string[] = []): boolean {
  if (Array.isArray(data)) return data.some((each) => showsSomething(each, counts, path))
  if (isPlainObject(data))
    return Object.entries(data).some(([key, each]) => showsSomething(each as Json, counts, [...path, key]))
  return data !== null && counts(path.join('.'))
}
