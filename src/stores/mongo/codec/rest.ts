import type { Document } from 'mongodb'
import type { Entity, Node, ObjectList } from '../../../entity/entity.ts'
import { membersOf } from '../../../entity/lists.ts'
import { type Json, own } from '../../../util/json.ts'
import type { ElementRests } from '../../store.ts'
import { follow, type Issues, objectsIn, report } from './decode.ts'
import { canonical, fromCanonical } from './extended-json.ts'
import { objectOf } from './object-of.ts'
import { membersWithoutUnsound, unsoundness } from './unsound.ts'

function withoutMapped(document: Record<string, unknown>, nodes: readonly Node[]): Record<string, unknown> {
  const rest = { ...document }
  for (const node of nodes) {
    const [first, ...deeper] = node.steps
    const step = first!
    const value = own(rest, step)
    const object = objectOf(value)
    if (deeper.length > 0) {
      if (object) rest[step] = withoutMapped(object, [{ ...node, steps: deeper }])
      else if (value === null) delete rest[step]
    } else if (!node.embed || value === null) delete rest[step]
    else if (object) rest[step] = withoutMapped(object, node.nodes)
    else delete rest[step] // reported as an issue by decode
    const left = objectOf(own(rest, step))
    if (left && Object.keys(left).length === 0) delete rest[step]
  }
  return rest
}

function renamed(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((element) => renamed(element, rename))
  const object = objectOf(value)
  return object ? renamedMembers(object, rename) : value
}

const renamedMembers = (object: Document, rename: (key: string) => string): Document =>
  Object.fromEntries(Object.entries(object).map(([key, member]) => [rename(key), renamed(member, rename)]))

/** Extended JSON has no way to tell a stored name that begins with $ from one of its own: it is kept with one $ more. */
const escaped = (key: string): string => (key.startsWith('$') ? `$${key}` : key)
const unescaped = (key: string): string => (key.startsWith('$$') ? key.slice(1) : key)

/** What the mapping does not name, as it was stored. */
export const encodeRest = (rest: Json): Document => renamedMembers(membersOf(fromCanonical(rest)), unescaped)

/** The escape of NUL in JSON text, with no backslash of its own before it. */
const holdsNul = (kept: Json): boolean => /(?<!\\)(?:\\\\)*\\u0000/.test(JSON.stringify(kept))

/** What the nodes do not name, as Extended JSON; null where they name everything. */
export function restOf(document: Record<string, unknown>, nodes: readonly Node[], path: string, issues: Issues): Json {
  let isWhole = true
  const lost = (where: string, value: unknown): void => {
    isWhole = false
    report(issues, where, unsoundness(value)!, value)
  }
  const sound = membersWithoutUnsound(withoutMapped(document, nodes), path === '(unmapped)' ? '' : path, lost)
  const rest = isWhole ? sound : withoutMapped(sound, nodes) // of an object that is mapped nothing may be left
  if (Object.keys(rest).length === 0) return null
  const kept = canonical(renamedMembers(rest, escaped))
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
  const rests = objectsIn(raw).map((element, index) =>
    restOf(element, list.nodes, `${list.mongo}.${index}.(unmapped)`, issues),
  )
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
