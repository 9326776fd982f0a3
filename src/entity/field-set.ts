import { CrossfadeError } from '../util/errors.ts'
import { onceFor } from '../util/once-for.ts'
import type { Embed, Entity, Leaf, Node } from './entity.ts'

/** The part of an entity that one read needs. Cached and frozen: equal selections mostly share one object. */
export interface FieldSet {
  /** Equal exactly for equal sets of one entity. */
  readonly key: string
  readonly paths: readonly string[]
  readonly leaves: readonly Leaf[]
  readonly embeds: readonly Embed[]
  readonly nodes: readonly Node[]
}

/** Selections kept for one entity: an API has far fewer, and a client that makes up new ones must not fill memory. */
const maxSets = 5_000

const setsOf = onceFor((_entity: Entity) => new Map<string, FieldSet>())

function prune(nodes: readonly Node[], wanted: ReadonlySet<string>): Node[] {
  return nodes.flatMap((node): Node[] => {
    if (node.leaf) return wanted.has(node.leaf.path) ? [node] : []
    const inner = prune(node.nodes, wanted)
    return inner.length > 0 || wanted.has(node.embed.path) ? [{ ...node, nodes: inner }] : []
  })
}

function flatten(nodes: readonly Node[]): Node[] {
  return nodes.flatMap((node) => (node.leaf ? [node] : [node, ...flatten(node.nodes)]))
}

function build(entity: Entity, key: string, paths: readonly string[]): FieldSet {
  for (const path of paths) {
    if (!entity.leaves.has(path) && !entity.embeds.has(path)) {
      throw new CrossfadeError('MISCONFIGURED', `${entity.name} has no field "${path}".`)
    }
  }
  const nodes = prune(entity.nodes, new Set(paths))
  const all = flatten(nodes)
  return Object.freeze({
    key,
    paths,
    nodes,
    leaves: all.flatMap((node) => node.leaf ?? []),
    embeds: all.flatMap((node) => node.embed ?? []),
  })
}

/**
 * The named paths of an entity; the id and the version always come along. A path of an embedded object asks for its
 * presence alone.
 */
export function fieldSet(entity: Entity, paths: Iterable<string>): FieldSet {
  const sorted = [...new Set(paths)].sort()
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

/** Every mapped field: what a post-image holds. */
export const allFields = onceFor((entity: Entity) =>
  fieldSet(entity, [...entity.leaves.keys(), ...entity.embeds.keys()]),
)
