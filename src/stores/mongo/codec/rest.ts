import { BSON, type Document } from 'mongodb'
import type { Entity, Node, ObjectList } from '../../../entity/entity.ts'
import { isPlainObject, type Json } from '../../../util/json.ts'
import type { ElementRests } from '../../store.ts'
import { follow, type Issues, objectsIn, report } from './decode.ts'

function withoutMapped(document: Record<string, unknown>, nodes: readonly Node[]): Record<string, unknown> {
  const rest = { ...document }
  for (const node of nodes) {
    const [step, ...deeper] = node.steps as [string, ...string[]]
    const value = rest[step]
    if (deeper.length > 0) {
      if (isPlainObject(value)) rest[step] = withoutMapped(value, [{ ...node, steps: deeper }])
      else if (value === null) delete rest[step]
    } else if (!node.embed || value === null) delete rest[step]
    else if (isPlainObject(value)) rest[step] = withoutMapped(value, node.nodes)
    else delete rest[step] // reported as an issue by decode
    const left = rest[step]
    if (isPlainObject(left) && Object.keys(left).length === 0) delete rest[step]
  }
  return rest
}

/** The escape of NUL in JSON text, with no backslash of its own before it. */
const holdsNul = (kept: Json): boolean => /(?<!\\)(?:\\\\)*\\u0000/.test(JSON.stringify(kept))

function restOf(document: Record<string, unknown>, nodes: readonly Node[], path: string, issues: Issues): Json {
  const rest = withoutMapped(document, nodes)
  if (Object.keys(rest).length === 0) return null
  const kept = BSON.EJSON.serialize(rest, { relaxed: false }) as Json
  return holdsNul(kept) ? report(issues, path, 'holds the character NUL, which jsonb cannot store', rest) : kept
}

/** What the mapping does not name, as Extended JSON; null where the mapping names everything. */
export function decodeRest(entity: Entity, document: Document, issues: Issues): Json {
  const { _id, _cf, ...named } = document
  return restOf(named, entity.nodes, '(unmapped)', issues)
}

/** The same of one list of objects, in the order that its record has; null where there is none in any. */
export function decodeListRests(list: ObjectList, raw: unknown, issues: Issues): readonly Json[] | null {
  if (!Array.isArray(raw)) return null
  const rests = objectsIn(raw).map((element) => restOf(element, list.nodes, `${list.mongo}.(unmapped)`, issues))
  return rests.some((rest) => rest !== null) ? rests : null
}

/** The same of every list of objects, by its path. */
export function decodeElementRests(entity: Entity, document: Document, issues: Issues): ElementRests {
  const rests: Record<string, readonly Json[]> = {}
  for (const list of entity.lists.values()) {
    const found = decodeListRests(list, follow(document, list.mongo.split('.')), issues)
    if (found) rests[list.path] = found
  }
  return rests
}
