import { kindOf } from '../codec/kinds.ts'
import type { Entity, Node } from '../entity/entity.ts'
import { type Members, mapValue } from '../entity/lists.ts'
import { CrossfadeError } from '../util/errors.ts'
import { isPlainObject, type Json } from '../util/json.ts'

type Canonical = Readonly<Record<string, Json>>

const other = (name: string, what: string): CrossfadeError =>
  new CrossfadeError('BAD_USER_INPUT', `${name}: ${what}. It was kept under another mapping of the type.`)

function objectOf(name: string, json: Json | undefined): Canonical {
  if (!isPlainObject(json)) throw other(name, 'an object was expected')
  return json as Canonical
}

function at(name: string, json: Canonical, path: string): Json {
  if (!Object.hasOwn(json, path)) throw other(name, `there is nothing of ${path}`)
  return json[path]!
}

function readNode(name: string, node: Node, json: Canonical): unknown {
  if (node.embed) return at(name, json, node.embed.path) === true ? membersFrom(name, node.nodes, json) : null
  const value = at(name, json, (node.leaf ?? node.list).path)
  if (value === null) return null
  try {
    if (node.leaf) return mapValue(node.leaf, value, (each) => kindOf(node.leaf).fromJson(each as Json))
    if (!Array.isArray(value)) throw new TypeError('no list')
  } catch (error) {
    if (error instanceof TypeError) throw other(name, `${(node.leaf ?? node.list).path} is of another form`)
    throw error
  }
  return value.map((each) => membersFrom(name, node.list.nodes, objectOf(name, each)))
}

const membersFrom = (name: string, nodes: readonly Node[], json: Canonical): Members =>
  Object.fromEntries(nodes.map((node) => [node.key, readNode(name, node, json)]))

/**
 * The inverse of `canonicalRecord`, without the id: values as a write takes them.
 *
 * @throws BAD_USER_INPUT where the mapping names what the record does not hold: it would be written as null.
 */
export const fromCanonical = (entity: Entity, json: Json): Members =>
  membersFrom(entity.name, entity.nodes, objectOf(entity.name, json))
