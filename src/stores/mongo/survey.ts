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
  /** What is asked, with the oddity that is noted where it is not so. */
  readonly asks: ReadonlyMap<Asked, string>
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
  const asks = new Map<Asked, string>()
  // Nothing is ordered by json
  if (!element && leaf.list === 'none' && leaf.kind !== 'json' && !isConverted(leaf))
    asks.set('clean', oddity('clean', path))
  if (coercionOf(leaf)) asks.set('plain', oddity('plain', path))
  return asks.size > 0 ? [{ leaf, path, steps: path.split('.'), asks }] : []
}

export const surveyedPaths = onceFor((entity: Entity): readonly SurveyedPath[] => [
  ...[...entity.leaves.values(), ...entity.jsonPaths.values()].flatMap((leaf) => surveyed(leaf, leaf.mongo, false)),
  ...[...entity.lists.values()].flatMap((list) =>
    [...list.leaves.values()].flatMap((leaf) => surveyed(leaf, `${list.mongo}.${leaf.mongo}`, true)),
  ),
])

/** What decides whether a stored value is of a field's own kind. */
export const kindOf = ({ kind, parts, converter, strict, values, mongo, parents }: Leaf): readonly unknown[] => [
  kind,
  converter,
  strict,
  values,
  mongo,
  parents,
  ...(parts ? [Object.entries(parts)] : []),
]

/** A collection that may be dropped and made anew, and the mapping of all its paths. */
export function surveySubject(entity: Entity, collection: string | undefined): string {
  const paths = surveyedPaths(entity).map(({ leaf, path, asks }) => [kindOf(leaf), path, [...asks.keys()]])
  return createHash('sha256')
    .update(JSON.stringify([collection, paths]))
    .digest('base64url')
    .slice(0, 16)
}

function isKnown({ asks }: SurveyedPath, odd: ReadonlySet<string>): boolean {
  for (const key of asks.values()) if (!odd.has(key)) return false
  return true
}

type Promoted = (value: unknown) => unknown

/** Notes what of one stored value is odd. Arrays are walked into, one level deep, as MongoDB's conditions do. */
function observeAt(at: SurveyedPath, value: unknown, step: number, odd: Set<string>, promoted: Promoted): void {
  const { leaf, steps, asks } = at
  const note = (asked: Asked): void => {
    const key = asks.get(asked)
    if (key !== undefined) odd.add(key)
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
  const decoded = mongoKind(leaf).decode(raw)
  const isOfKind = !(decoded instanceof Refused)
  const isOwn = isOfKind && !isUnsound(raw) && (leaf.values === null || leaf.values.includes(decoded as string))
  if (isOwn) return // it stands in an index where its decoded value sorts
  note('clean')
  if (!isOfKind && coercionOf(leaf)?.decode(raw) !== undefined) note('plain')
}

/**
 * Adds to `odd` what a document holds at surveyed paths that is not clean, or not plain.
 *
 * @param promoted what the driver makes of a value by default, where the document was read otherwise.
 */
export function observe(entity: Entity, document: Document, odd: Set<string>, promoted: Promoted = same): void {
  for (const surveyed of surveyedPaths(entity)) {
    if (odd.size === 0 || !isKnown(surveyed, odd)) observeAt(surveyed, document, 0, odd, promoted)
  }
}

const same: Promoted = (value) => value
