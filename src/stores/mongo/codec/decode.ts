import { BSON, Decimal128, type Document } from 'mongodb'
import { intPrefixOf, meansNull } from '../../../codec/converter.ts'
import { wholeNumber } from '../../../codec/decimal.ts'
import { type Issue, Refused } from '../../../codec/refused.ts'
import type { Entity, Id, Leaf, Node, ObjectList, Rec } from '../../../entity/entity.ts'
import { own } from '../../../util/json.ts'
import { isLong } from './is-long.ts'
import type { Lost } from './mongo-kind.ts'
import { mongoIdKind, mongoKind } from './mongo-kinds.ts'
import { objectOf } from './object-of.ts'
import { InvalidText, isUnsound, unsoundness } from './unsound.ts'

const maxRaw = 10_000 // characters of a raw value kept with an issue
const maxPath = 300 // characters of its path, which may hold a client's keys and stands in an index
const maxIssues = 100 // kept of one record: of a list of a million dirty values the first tell enough

const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length).toWellFormed()}…` : text

export function rawText(value: unknown): string {
  // Extended JSON has no form for either
  if (value instanceof InvalidText) return cut(JSON.stringify(value.text), maxRaw)
  if (isUnsound(value)) return '{"$date":"(out of range)"}'
  return cut(BSON.EJSON.stringify(value, { relaxed: false }) ?? 'undefined', maxRaw)
}

/** Collects what a decode could not carry; absent on the read path, where nobody looks. */
export type Issues = Issue[] | null

export function report(issues: Issues, path: string, rule: string, raw: unknown): null {
  if (issues && issues.length <= maxIssues) add(issues, { path: cut(path, maxPath), rule, raw: rawText(raw) })
  return null
}

function add(issues: Issue[], issue: Issue): void {
  if (issues.length < maxIssues) issues.push(issue)
  else if (issues.length === maxIssues)
    issues.push({ path: '(more)', rule: `has more than ${maxIssues} issues`, raw: issue.raw })
}

/** What the path from a parent document leads to; undefined where a step is missing or no object. */
export function follow(document: unknown, steps: readonly string[]): unknown {
  let value = document
  for (const step of steps) {
    const object = objectOf(value)
    if (!object) return undefined
    value = own(object, step)
  }
  return value
}

/** Mongo compares numbers of all types by value: so does `nullIf`, whose numbers are plain. It names no date. */
function isNullStored({ converter }: Leaf, raw: unknown): boolean {
  if (raw instanceof Date) return false
  return meansNull(converter, raw instanceof Decimal128 || isLong(raw) ? (wholeNumber(raw.toString()) ?? raw) : raw)
}

/** A value that is there: as its kind has it, else as its converter or its scalar does. */
function decodeValue(leaf: Leaf, raw: unknown, lost?: Lost): unknown {
  const { decode, coercion } = mongoKind(leaf)
  const value = decode(raw, lost)
  if (!(value instanceof Refused)) return value
  if (leaf.converter.intPrefix && typeof raw === 'string') return intPrefixOf(raw) ?? value
  const coerced = leaf.strict ? undefined : coercion?.decode(raw)
  if (coerced === undefined) return value
  return meansNull(leaf.converter, coerced) ? null : coerced // as it will be when a patch has stored it
}

function decodeScalar(leaf: Leaf, raw: unknown, lost?: Lost): unknown {
  if (raw === null || raw === undefined || isNullStored(leaf, raw)) return null
  const unsound = unsoundness(raw)
  if (unsound) return new Refused(unsound)
  const value = decodeValue(leaf, raw, lost)
  if (leaf.values && typeof value === 'string' && !leaf.values.includes(value)) {
    return new Refused('is none of the values that the field allows')
  }
  return value
}

/** Takes what a leaf's value lost for issues; keys of a sensitive one are not told. */
const lostBy =
  (leaf: Leaf, issues: Issue[]): Lost =>
  (path, rule, part) =>
    report(issues, leaf.sensitive ? leaf.mongo : `${leaf.mongo}.${path}`, rule, part)

/** The record's value for a stored one: null, with an issue, where it is dirty; elements of lists likewise left out. */
export function decodeLeaf(leaf: Leaf, raw: unknown, issues: Issues): unknown {
  if (leaf.list === 'none') {
    const value = decodeScalar(leaf, raw, issues ? lostBy(leaf, issues) : undefined)
    if (value instanceof Refused) return report(issues, leaf.mongo, value.rule, raw)
    if (value === null && leaf.required)
      return report(issues, leaf.mongo, 'is required but null or missing', raw ?? null)
    return value
  }
  if (raw === null || raw === undefined) {
    return leaf.required ? report(issues, leaf.mongo, 'is required but null or missing', null) : null
  }
  const elements = leaf.orOne && !Array.isArray(raw) ? [raw] : raw
  if (!Array.isArray(elements)) return report(issues, leaf.mongo, 'is not a list', raw)
  const values: unknown[] = []
  elements.forEach((element: unknown, index) => {
    const value = element === null ? new Refused('is null inside a list') : decodeScalar(leaf, element)
    if (value instanceof Refused) report(issues, `${leaf.mongo}.${index}`, value.rule, element)
    else if (value !== null) values.push(value)
    else report(issues, `${leaf.mongo}.${index}`, 'means null inside a list', element)
  })
  return values
}

/** The objects of a list: what else stands in it has no place in a record. */
export const objectsIn = (raw: readonly unknown[]): Document[] => raw.flatMap((element) => objectOf(element) ?? [])

/** Likewise: objects alone have a place, each with its issues under its number. */
export function decodeObjects(list: ObjectList, raw: unknown, issues: Issues): unknown {
  if (raw === null || raw === undefined) {
    return list.required ? report(issues, list.mongo, 'is required but null or missing', null) : null
  }
  if (!Array.isArray(raw)) return report(issues, list.mongo, 'is not a list', raw)
  return raw.flatMap((element: unknown, index) => {
    const object = objectOf(element)
    if (!object) {
      report(issues, `${list.mongo}.${index}`, 'is not an object', element)
      return []
    }
    const found: Issue[] | null = issues && []
    const members = decodeNodes(list.nodes, object, found)
    for (const issue of found ?? []) add(issues!, { ...issue, path: `${list.mongo}.${index}.${issue.path}` })
    return [members]
  })
}

export function decodeNodes(nodes: readonly Node[], document: unknown, issues: Issues): Record<string, unknown> {
  const record: Record<string, unknown> = {}
  for (const node of nodes) {
    const raw = follow(document, node.steps)
    const object = node.embed && objectOf(raw)
    if (node.leaf) record[node.key] = decodeLeaf(node.leaf, raw, issues)
    else if (node.list) record[node.key] = decodeObjects(node.list, raw, issues)
    else if (object) record[node.key] = decodeNodes(node.nodes, object, issues)
    else if (raw === null || raw === undefined) record[node.key] = null
    else record[node.key] = report(issues, node.embed.mongo, 'is not an object', raw)
  }
  return record
}

/** @throws never: every dirty value becomes null, with an issue where `issues` is given. */
export function decodeRecord(id: Id, nodes: readonly Node[], document: Document, issues: Issues = null): Rec {
  return { id, ...decodeNodes(nodes, document, issues) }
}

/** The id of a document in record form, or why it has none. */
export function decodeId(entity: Entity, raw: unknown): Id | Refused {
  return mongoIdKind(entity).decode(raw)
}
