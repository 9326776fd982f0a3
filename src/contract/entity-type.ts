import type { Entity, Leaf, Node, Scope } from '../entity/entity.ts'
import { knownPaths } from '../entity/field-set.ts'
import type { ObjectPathIn, PathOf } from '../entity/path.ts'
import type { Narrow } from '../entity/record.ts'
import { didYouMean } from '../util/did-you-mean.ts'
import { CrossfadeError } from '../util/errors.ts'
import { onceFor } from '../util/once-for.ts'
import type { Builder, FieldBuilder, Ref } from './builder.ts'
import { addScalar, scalarNames } from './scalars.ts'

type Parent = Readonly<Record<string, unknown>>
type T = FieldBuilder<Parent>

/** A member of a record. Pothos asks for the type of each result; a mapping that is walked has forgotten them. */
const member =
  (key: string) =>
  (parent: Parent): never =>
    (parent[key] ?? null) as never

/** How the contract shows a mapping where it does not show all of it as it is. */
export interface EntityTypeOptions<E extends Entity> {
  /** GraphQL names of embedded objects, and of those in lists, by record path. */
  readonly embeds?: { readonly [P in ObjectPathIn<E['fields']>]?: string }
  /** Record paths that the contract does not show, or shows through a field of its own. */
  readonly omit?: readonly PathOf<E>[]
}

function leafField(t: T, leaf: Leaf, key: string) {
  const type = scalarNames[leaf.kind]
  const resolve = member(key)
  if (leaf.list === 'none') return t.field({ type, nullable: !leaf.required, resolve })
  return t.field({ type: [type], nullable: { list: !leaf.required, items: false }, resolve })
}

/** One mapping: what it is built with, and where in the record its nodes are. */
interface Place {
  readonly builder: Builder
  readonly entity: Entity
  readonly embeds: Readonly<Record<string, string | undefined>>
  readonly omit: ReadonlySet<string>
  /** Leads to the objects of a list; empty outside of lists. */
  readonly prefix: string
}

const pathIn = ({ prefix }: Place, node: Node): string => prefix + (node.leaf ?? node.embed ?? node.list).path

function nodeField(t: T, place: Place, node: Node) {
  if (node.leaf) return leafField(t, node.leaf, node.key)
  const path = pathIn(place, node)
  const resolve = member(node.key)
  if (node.embed) {
    const type = objectType(place, path, node.nodes)
    return t.field({ type, nullable: !node.embed.required, resolve })
  }
  const type = objectType({ ...place, prefix: `${path}.` }, path, node.list.nodes)
  return t.field({ type: [type], nullable: { list: !node.list.required, items: false }, resolve })
}

function fieldsFor(t: T, place: Place, nodes: readonly Node[]) {
  const shown = nodes.filter((node) => !place.omit.has(pathIn(place, node)))
  return Object.fromEntries(shown.map((node) => [node.key, nodeField(t, place, node)]))
}

/** One embedded mapping may stand at several paths (`viewer`, `critic`) under one GraphQL name. */
const objectTypes = onceFor((_builder: Builder) => new Map<string, { ref: Ref<Parent>; shown: string; path: string }>())

/** What a type shows of the nodes, to tell two mappings apart that are given one name. */
const shownOf = (place: Place, nodes: readonly Node[]): string =>
  JSON.stringify(
    nodes
      .filter((node) => !place.omit.has(pathIn(place, node)))
      .map((node) => {
        if (node.leaf) return [node.key, scalarNames[node.leaf.kind], node.leaf.list === 'none', node.leaf.required]
        const path = pathIn(place, node)
        return [node.key, place.embeds[path], node.list !== undefined, (node.embed ?? node.list).required]
      }),
  )

function objectType(place: Place, path: string, nodes: readonly Node[]): Ref<Parent> {
  const { builder, entity, embeds } = place
  const name = embeds[path]
  if (!name) {
    throw new CrossfadeError(
      'MISCONFIGURED',
      `${entity.name}.${path} needs a GraphQL name: give it in \`embeds\`, or omit it.`,
    )
  }
  const known = objectTypes(builder)
  const shown = shownOf(place, nodes)
  const earlier = known.get(name)
  if (earlier?.shown === shown) return earlier.ref
  if (earlier) {
    const text = `${entity.name}.${path} and ${earlier.path} are both named ${name} and show different fields`
    throw new CrossfadeError('MISCONFIGURED', `${text}. Give them two names.`)
  }
  const ref = builder.objectRef<Parent>(name)
  known.set(name, { ref, shown, path: `${entity.name}.${path}` })
  builder.objectType(ref, { fields: (t) => fieldsFor(t, place, nodes) })
  return ref
}

function addScalars(builder: Builder, { leaves, lists }: Scope): void {
  for (const leaf of leaves.values()) addScalar(builder, scalarNames[leaf.kind])
  for (const list of lists.values()) addScalars(builder, list)
}

/** @throws MISCONFIGURED for a path that the entity does not have. */
function checkPaths(entity: Entity, option: string, paths: Iterable<string>): void {
  const known = knownPaths(entity)
  for (const path of paths) {
    if (known.has(path)) continue
    const hint = didYouMean(path, known)
    throw new CrossfadeError(
      'MISCONFIGURED',
      `${entity.name} has no field "${path}", which \`${option}\` names.${hint}`,
    )
  }
}

const entityTypes = onceFor((_builder: Builder) => new Map<Entity, Ref<Parent>>())

/** The object type that `entityType` has made. @throws MISCONFIGURED where it has made none. */
export function entityTypeOf<E extends Entity>(builder: Builder, entity: E): Ref<Narrow<E>> {
  const ref = entityTypes(builder).get(entity)
  if (!ref) {
    const remedy = 'Call entityType before, in schema/<type>.ts.'
    throw new CrossfadeError('MISCONFIGURED', `${entity.name} has no object type on this builder. ${remedy}`)
  }
  return ref as unknown as Ref<Narrow<E>> // kept by the entity that it was made for
}

/**
 * The GraphQL object of an entity: the id and every mapped field, under its own name. Fields that relate entities or
 * compute something are added with `builder.objectFields`: see `reading`, `reference` and `children`. Its resolvers
 * return records; what they hold is what was selected.
 *
 * @throws MISCONFIGURED for paths that the entity does not have, and embedded objects without a name.
 */
export function entityType<E extends Entity>(
  builder: Builder,
  entity: E,
  { embeds = {}, omit = [] }: EntityTypeOptions<E> = {},
): Ref<Narrow<E>> {
  checkPaths(entity, 'embeds', Object.keys(embeds))
  checkPaths(entity, 'omit', omit)
  addScalars(builder, entity)
  const ref = builder.objectRef<Parent>(entity.name)
  entityTypes(builder).set(entity, ref)
  const place: Place = { builder, entity, embeds, omit: new Set<string>(omit), prefix: '' }
  builder.objectType(ref, {
    extensions: { entity },
    fields: (t) => ({
      id: t.field({ type: 'ID', nullable: false, resolve: member('id') }),
      ...fieldsFor(t, place, entity.nodes),
    }),
  })
  return entityTypeOf(builder, entity)
}
