import { didYouMean } from '../util/did-you-mean.ts'
import { CrossfadeError } from '../util/errors.ts'
import { onceFor } from '../util/once-for.ts'
import type { Embed, Entity, Leaf, Node, ObjectList, Scope } from './entity.ts'

/** The part of an entity that one read needs. Cached and frozen: equal selections mostly share one object. */
export interface FieldSet {
  /** Equal exactly for equal sets of one entity. */
  readonly key: string
  /** A short name of this object, for what is looked up by it many times a request. */
  readonly tag: string
  readonly paths: readonly string[]
  readonly leaves: readonly Leaf[]
  readonly embeds: readonly Embed[]
  /** Lists of objects, with the members alone that are wanted of each. */
  readonly lists: readonly ObjectList[]
  readonly nodes: readonly Node[]
}

/** Selections kept for one entity: an API has far fewer, and a client that makes up new ones must not fill memory. */
const maxSets = 1_000

const setsOf = onceFor((_entity: Entity) => new Map<string, FieldSet>())

/** `wanted` holds paths from the entity's root; `prefix` is that of the list whose members `nodes` are. */
function prune(nodes: readonly Node[], wanted: ReadonlySet<string>, prefix = ''): Node[] {
  return nodes.flatMap((node): Node[] => {
    const path = prefix + (node.leaf ?? node.embed ?? node.list).path
    if (node.leaf) return wanted.has(path) ? [node] : []
    const inner = node.embed ? prune(node.nodes, wanted, prefix) : prune(node.list.nodes, wanted, `${path}.`)
    if (inner.length === 0 && !wanted.has(path)) return []
    return [node.embed ? { ...node, nodes: inner } : { ...node, list: narrowed(node.list, inner) }]
  })
}

function flatten(nodes: readonly Node[]): Node[] {
  return nodes.flatMap((node) => (node.embed ? [node, ...flatten(node.nodes)] : [node]))
}

function narrowed(list: ObjectList, nodes: readonly Node[]): ObjectList {
  const all = flatten(nodes)
  return Object.freeze({
    ...list,
    nodes,
    leaves: new Map(all.flatMap(({ leaf }) => (leaf ? [[leaf.path, leaf]] : []))),
    embeds: new Map(all.flatMap(({ embed }) => (embed ? [[embed.path, embed]] : []))),
  })
}

/** Every path of a scope, those inside of lists of objects included. */
function pathsOf({ leaves, embeds, lists }: Scope): string[] {
  const inLists = [...lists.values()].flatMap((list) => [
    list.path,
    ...pathsOf(list).map((path) => `${list.path}.${path}`),
  ])
  return [...leaves.keys(), ...embeds.keys(), ...inLists]
}

/** Every path that a field set of the entity may hold. */
export const knownPaths = onceFor((entity: Entity) => new Set(pathsOf(entity)))

let built = 0

function build(entity: Entity, key: string, paths: readonly string[]): FieldSet {
  for (const path of paths) {
    const known = knownPaths(entity)
    if (known.has(path)) continue
    throw new CrossfadeError('MISCONFIGURED', `${entity.name} has no field "${path}".${didYouMean(path, known)}`)
  }
  const nodes = prune(entity.nodes, new Set(paths))
  const all = flatten(nodes)
  return Object.freeze({
    key,
    tag: String(++built),
    paths,
    nodes,
    leaves: all.flatMap((node) => node.leaf ?? []),
    embeds: all.flatMap((node) => node.embed ?? []),
    lists: all.flatMap((node) => node.list ?? []),
  })
}

/** What is inside of json is read with the whole of it. */
const readPath = ({ jsonPaths }: Entity, path: string): string => {
  const inside = jsonPaths.get(path)
  return inside ? inside.keys.slice(0, -inside.inJson!.length).join('.') : path
}

/**
 * The named paths of an entity; the id and the version always come along. A path of an embedded object asks for its
 * presence alone, one of a list of objects for how many they are.
 */
export function fieldSet(entity: Entity, paths: Iterable<string>): FieldSet {
  const sorted = [...new Set(Array.from(paths, (path) => readPath(entity, path)))].sort()
  const key = sorted.join('\0') // the one character that no name holds
  const sets = setsOf(entity)
  let set = sets.get(key)
  if (!set) {
    if (sets.size >= maxSets) sets.clear()
    set = build(entity, key, sorted)
    sets.set(key, set)
  }
  return set
}

/** Paths with everything below them: an object or a list of objects is then read whole. */
export function wholePaths(entity: Entity, paths: readonly string[]): string[] {
  return paths.flatMap((path) => [path, ...[...knownPaths(entity)].filter((inner) => inner.startsWith(`${path}.`))])
}

/** Every mapped field: what a post-image holds. */
export const allFields = onceFor((entity: Entity) => fieldSet(entity, knownPaths(entity)))
