import { createHash } from 'node:crypto'
import type { Document } from 'mongodb'
import { z } from 'zod'
import { Refused } from '../../codec/refused.ts'
import type { Entity, Leaf } from '../../entity/entity.ts'
import { onceFor } from '../../util/once-for.ts'
import { coercionOf, isConverted } from './codec/expression.ts'
import { mongoKind } from './codec/mongo-kinds.ts'
import { objectOf } from './codec/object-of.ts'
import { isUnsound } from './codec/unsound.ts'

/** What gateways ask of a path, see `clean-paths`. */
export type Asked = 'clean' | 'plain'

/** A path of which gateways want to know what is stored there. */
export interface SurveyedPath {
  readonly leaf: Leaf
  /** From the document's root. */
  readonly path: string
  readonly steps: readonly string[]
  readonly asks: readonly Asked[]
}

/** What was read of a collection so far has told. JSON, so that a job that was killed goes on with it. */
export interface Survey {
  /** When the first document was read, in milliseconds since 1970. */
  readonly since: number
  /** The collection and the mapping that it is about. */
  readonly subject: string
  /** What is not so, as `clean title`. */
  readonly odd: readonly string[]
}

export const surveyForm: z.ZodType<Survey> = z.object({
  since: z.number(),
  subject: z.string(),
  odd: z.array(z.string()),
})

export const oddity = (asked: Asked, path: string): string => `${asked} ${path}`

function surveyed(leaf: Leaf, path: string, element: boolean): SurveyedPath[] {
  const asks: Asked[] = []
  // Nothing is ordered by json
  if (!element && leaf.list === 'none' && leaf.kind !== 'json' && !isConverted(leaf)) asks.push('clean')
  if (coercionOf(leaf)) asks.push('plain')
  return asks.length > 0 ? [{ leaf, path, steps: path.split('.'), asks }] : []
}

export const surveyedPaths = onceFor((entity: Entity): readonly SurveyedPath[] => [
  ...[...entity.leaves.values(), ...entity.jsonPaths.values()].flatMap((leaf) => surveyed(leaf, leaf.mongo, false)),
  ...[...entity.lists.values()].flatMap((list) =>
    [...list.leaves.values()].flatMap((leaf) => surveyed(leaf, `${list.mongo}.${leaf.mongo}`, true)),
  ),
])

/** What decides whether a stored value is of a field's own kind. */
export const kindOf = ({ kind, converter, strict, values, mongo, parents }: Leaf): readonly unknown[] => [
  kind,
  converter,
  strict,
  values,
  mongo,
  parents,
]

/** A collection that may be dropped and made anew, and the mapping of all its paths. */
export function surveySubject(entity: Entity, collection: string | undefined): string {
  const paths = surveyedPaths(entity).map(({ leaf, path, asks }) => [kindOf(leaf), path, asks])
  return createHash('sha256')
    .update(JSON.stringify([collection, paths]))
    .digest('base64url')
    .slice(0, 16)
}

/** Values of the field's own kind, which stand in an index where their decoded values sort. */
function isOwn(leaf: Leaf, raw: unknown): boolean {
  if (isUnsound(raw)) return false
  const value = mongoKind(leaf.kind).decode(raw)
  return !(value instanceof Refused) && (leaf.values === null || leaf.values.includes(value as string))
}

/** Whether a value of another type means something, so that a filter must find it. */
const isCoerced = (leaf: Leaf, raw: unknown): boolean =>
  mongoKind(leaf.kind).decode(raw) instanceof Refused && coercionOf(leaf)?.decode(raw) !== undefined

type Promoted = (value: unknown) => unknown

/** Notes what of one stored value is odd. Arrays are walked into, one level deep, as MongoDB's conditions do. */
function observeAt(at: SurveyedPath, value: unknown, step: number, odd: Set<string>, promoted: Promoted): void {
  const { leaf, path, steps, asks } = at
  const note = (asked: Asked): void => {
    if (asks.includes(asked)) odd.add(oddity(asked, path))
  }
  if (Array.isArray(value)) {
    note('clean')
    for (const element of value) if (!Array.isArray(element)) observeAt(at, element, step, odd, promoted)
    return
  }
  if (step < steps.length) {
    const object = objectOf(value)
    const name = steps[step]!
    if (object && Object.hasOwn(object, name)) observeAt(at, object[name], step + 1, odd, promoted)
    return
  }
  if (value === null || value === undefined) {
    if (value === undefined) note('clean') // there is a BSON type of that name, with a place of its own
    return
  }
  const raw = promoted(value)
  if (!isOwn(leaf, raw)) note('clean')
  if (isCoerced(leaf, raw)) note('plain')
}

/**
 * Adds to `odd` what a document holds at surveyed paths that is not clean, or not plain.
 *
 * @param promoted what the driver makes of a value by default, where the document was read otherwise.
 */
export function observe(entity: Entity, document: Document, odd: Set<string>, promoted: Promoted = same): void {
  for (const surveyed of surveyedPaths(entity)) {
    if (surveyed.asks.every((asked) => odd.has(oddity(asked, surveyed.path)))) continue
    observeAt(surveyed, document, 0, odd, promoted)
  }
}

const same: Promoted = (value) => value
