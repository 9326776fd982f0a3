import { BSON, type Document } from 'mongodb'
import type { Issue } from '../../../codec/refused.ts'
import type { Entity, Node, ObjectList } from '../../../entity/entity.ts'
import { type Members, membersOf, objectsOf } from '../../../entity/lists.ts'
import { shownParts } from '../../../entity/new-record.ts'
import { valueAt } from '../../../entity/values.ts'
import { isPlainObject, type Json, own } from '../../../util/json.ts'
import type { Image, LiveImage } from '../../store.ts'
import { decodeNodes, follow } from './decode.ts'
import { objectOf } from './object-of.ts'
import { decodeElementRests, encodeRest, restOf } from './rest.ts'

/** Numbers as the driver reads them, and not as the classes that keep their types. */
const asRead = (document: Document): Document => BSON.deserialize(BSON.serialize(document))

const isEmpty = (value: unknown): boolean => isPlainObject(value) && Object.keys(value).length === 0

/**
 * Whether what another store kept as unmapped holds a path that the mapping names by now, or an object around one of which
 * nothing is left.
 */
function names(nodes: readonly Node[], rest: unknown, present: Members | null): boolean {
  if (!isPlainObject(rest)) return false
  return nodes.some((node) => {
    if (node.steps.slice(1).some((_, n) => isEmpty(follow(rest, node.steps.slice(0, n + 1))))) return true
    const raw = follow(rest, node.steps)
    if (raw === undefined) return false
    if (!node.embed) return true
    // Of an object that is mapped already, the members that are not stay in the rest
    const members = (present && own(present, node.key)) ?? null
    return members === null || isEmpty(raw) || names(node.nodes, raw, membersOf(members))
  })
}

/** The members that a document has, over those of the record. */
function taken(nodes: readonly Node[], document: Document, members: Members, issues: Issue[]): Record<string, unknown> {
  const record: Record<string, unknown> = { ...members }
  for (const node of nodes) {
    const raw = follow(document, node.steps)
    if (raw === undefined) continue
    const object = node.embed && objectOf(raw)
    const present = own(members, node.key)
    record[node.key] =
      object && isPlainObject(present)
        ? taken(node.nodes, object, present, issues)
        : decodeNodes([node], document, issues)[node.key]
  }
  return record
}

/** Likewise for the objects of a list, each with the rest of its own. */
function takenList(list: ObjectList, value: unknown, rests: readonly Json[], issues: Issue[]): [unknown, Json[]] {
  const objects = objectsOf(value) ?? []
  const documents = objects.map((_, index) => (rests[index] ? encodeRest(rests[index]) : {}))
  return [
    objects.map((members, index) => taken(list.nodes, asRead(documents[index]!), members, issues)),
    documents.map((document, index) => restOf(document, list.nodes, `${list.mongo}.${index}.(unmapped)`, issues)),
  ]
}

const staleLists = ({ lists }: Entity, { record, elementRests = {} }: Image): ObjectList[] =>
  [...lists.values()].filter((list) => {
    const objects = objectsOf(valueAt(record!, list.keys))
    return elementRests[list.path]?.some((rest, index) => names(list.nodes, rest, objects?.[index] ?? null))
  })

/** Puts a value at a path of a record, whose objects on the way are there. */
function withValue(record: Members, [key, ...deeper]: readonly string[], value: unknown): Members {
  if (deeper.length === 0) return { ...record, [key!]: value }
  return { ...record, [key!]: withValue(membersOf(record[key!]), deeper, value) }
}

/**
 * A field that is mapped later finds its value in what was kept as unmapped, where it was written before, and one that
 * shows a part of the id in the id: the image with such values in their fields, and without them in its rest. Null where
 * there are none.
 */
export function adopt(entity: Entity, image: Image): LiveImage | null {
  const { record, rest } = image
  if (record === null) return null
  const isStale = names(entity.nodes, rest, record)
  const lists = staleLists(entity, image)
  const parts = shownParts(entity, record.id).filter(([{ keys }]) => valueAt(record, keys) === null)
  if (!isStale && lists.length === 0 && parts.length === 0) return null
  const issues = [...image.issues]
  const document = rest === null ? {} : encodeRest(rest)
  let adopted: Members = isStale ? taken(entity.nodes, asRead(document), record, issues) : record
  const elementRests: Record<string, readonly Json[]> = {
    ...image.elementRests,
    ...(isStale ? decodeElementRests(entity, document, issues) : {}),
  }
  for (const list of lists) {
    const [objects, rests] = takenList(list, valueAt(record, list.keys), elementRests[list.path] ?? [], issues)
    adopted = withValue(adopted, list.keys, objects)
    delete elementRests[list.path]
    if (rests.some((rest) => rest !== null)) elementRests[list.path] = rests
  }
  const left = restOf(document, entity.nodes, '(unmapped)', issues)
  adopted = { ...adopted, ...Object.fromEntries(parts.map(([{ path }, part]) => [path, part])) }
  return { ...image, record: { ...adopted, id: record.id }, rest: left, elementRests, issues }
}
