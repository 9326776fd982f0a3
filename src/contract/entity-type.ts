import type { InterfaceRef } from '@pothos/core'
import type { Entity, Id, Leaf, Node, Scope } from '../entity/entity.ts'
import { knownPaths } from '../entity/field-set.ts'
import type { ObjectPathIn, PathOf } from '../entity/path.ts'
import type { Narrow } from '../entity/record.ts'
import type { GlobalIds } from '../resolve/global-ids.ts'
import { missing } from '../resolve/missing-value.ts'
import { didYouMean } from '../util/did-you-mean.ts'
import { CrossfadeError } from '../util/errors.ts'
import { onceFor } from '../util/once-for.ts'
import { repeated } from '../util/repeated.ts'
import type { Builder, FieldBuilder, Ref, SchemaTypesOf } from './builder.ts'
import type { Told } from './field.ts'
import { leafType } from './leaf-type.ts'
import { addScalar, scalarName } from './scalars.ts'

type Parent = Readonly<Record<string, unknown>>
type T = FieldBuilder<Parent>

/** A member of a record. Pothos asks for the type of each result; a mapping that is walked has forgotten them. */
const member =
  (key: string, nullable: boolean) =>
  (parent: Parent): never =>
    (parent[key] ?? (nullable ? null : missing)) as never

/** How the contract shows a field where it does not show it as the mapping has it. */
export interface ShownField extends Told {
  /** Default: the mapping's. */
  readonly name?: string
  /** Default: unless the mapping requires it. A record without it is answered with GraphQL's error where it may not be null. */
  readonly nullable?: boolean
  /** Of a list: its elements may be null by the contract, though none ever is. Default: false. */
  readonly itemsNullable?: boolean
}

/** How the contract shows a mapping where it does not show all of it as it is. */
export interface EntityTypeOptions<E extends Entity> {
  /** The contract's name of the type; default: the entity's. Another type of the same entity has another. */
  readonly name?: string
  readonly description?: string
  /** What `interfaceType` has made, of several types that this is one of. */
  readonly interfaces?: readonly InterfaceRef<SchemaTypesOf, unknown>[]
  /** By record path; those that are not named are shown as they are. */
  readonly fields?: { readonly [P in PathOf<E> | 'id']?: ShownField }
  /** GraphQL names of embedded objects, and of those in lists, by record path. */
  readonly embeds?: { readonly [P in ObjectPathIn<E['fields']>]?: string }
  /** The id is shown as one of these. Default: as it is stored. */
  readonly globalIds?: GlobalIds
  /** Record paths that the contract does not show, or shows through a field of its own. */
  readonly omit?: readonly PathOf<E>[]
}

/** What any field of a record is made with. */
function shared(
  key: string,
  required: boolean,
  { name = key, nullable = !required, itemsNullable: _, ...told }: ShownField,
) {
  return { ...told, resolve: member(key, nullable), nullable, ...(name === key ? {} : { extensions: { member: key } }) }
}

function leafField(t: T, { builder }: Place, leaf: Leaf, key: string, shown: ShownField) {
  const type = leafType(builder, leaf)
  const { nullable, ...rest } = shared(key, leaf.required, shown)
  if (leaf.list === 'none') return t.field({ ...rest, type, nullable })
  return t.field({ ...rest, type: [type], nullable: { list: nullable, items: shown.itemsNullable ?? false } })
}

/** One mapping: what it is built with, and where in the record its nodes are. */
interface Place {
  readonly builder: Builder
  readonly entity: Entity
  readonly embeds: Readonly<Record<string, string | undefined>>
  readonly omit: ReadonlySet<string>
  readonly fields: Readonly<Record<string, ShownField | undefined>>
  /** Leads to the objects of a list; empty outside of lists. */
  readonly prefix: string
}

const pathIn = ({ prefix }: Place, node: Node): string => prefix + (node.leaf ?? node.embed ?? node.list).path

function nodeField(t: T, place: Place, node: Node, shown: ShownField) {
  if (node.leaf) return leafField(t, place, node.leaf, node.key, shown)
  const path = pathIn(place, node)
  const { nullable, ...rest } = shared(node.key, (node.embed ?? node.list).required, shown)
  if (node.embed) return t.field({ ...rest, type: objectType(place, path, node.nodes), nullable })
  const type = objectType({ ...place, prefix: `${path}.` }, path, node.list.nodes)
  return t.field({ ...rest, type: [type], nullable: { list: nullable, items: shown.itemsNullable ?? false } })
}

/** The nodes that the contract shows, each by the contract's name. */
function shownNodes(place: Place, nodes: readonly Node[]): (readonly [string, Node, ShownField])[] {
  const shown = nodes.filter((node) => !place.omit.has(pathIn(place, node)))
  return shown.map((node) => {
    const field = place.fields[pathIn(place, node)] ?? {}
    return [field.name ?? node.key, node, field] as const
  })
}

const isList = (node: Node): boolean => (node.leaf ? node.leaf.list !== 'none' : node.list !== undefined)

function fieldsFor(t: T, place: Place, nodes: readonly Node[], taken: readonly string[] = []) {
  const shown = shownNodes(place, nodes)
  const twice = repeated(shown, ([name]) => name, taken)
  if (twice) {
    const text = `${place.entity.name}.${pathIn(place, twice[1])} would be shown as ${twice[0]}, which another field is`
    throw new CrossfadeError('MISCONFIGURED', `${text}. Name one of them in \`fields\`, or omit it.`)
  }
  const wrong = shown.find(([, node, { itemsNullable }]) => itemsNullable !== undefined && !isList(node))
  if (wrong) {
    const text = `${place.entity.name}.${pathIn(place, wrong[1])} is no list`
    throw new CrossfadeError('MISCONFIGURED', `${text}: take \`itemsNullable\` from what \`fields\` says of it.`)
  }
  return Object.fromEntries(shown.map(([name, node, field]) => [name, nodeField(t, place, node, field)]))
}

/** One embedded mapping may stand at several paths (`viewer`, `critic`) under one GraphQL name. */
const objectTypes = onceFor((_builder: Builder) => new Map<string, { ref: Ref<Parent>; shown: string; path: string }>())

function typeName(place: Place, node: Node): string | undefined {
  if (!node.leaf) return place.embeds[pathIn(place, node)]
  const type = leafType(place.builder, node.leaf)
  return typeof type === 'string' ? type : type.name
}

/** What a type shows of the nodes, to tell two mappings apart that are given one name. */
const shownOf = (place: Place, nodes: readonly Node[]): string =>
  JSON.stringify(
    shownNodes(place, nodes).map(([name, node, field]) => {
      const { required } = node.leaf ?? node.embed ?? node.list
      return [name, node.key, typeName(place, node), isList(node), required, field]
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

/** At once: fields that are added by hand may use them. */
function addScalars(builder: Builder, { leaves, lists }: Scope): void {
  for (const leaf of leaves.values()) addScalar(builder, scalarName(leaf))
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

/** Which of several object types of an entity. */
export interface As<E extends Entity> {
  /** What `entityType` has made; default: the first that it has made of the entity. */
  readonly as?: Ref<Narrow<E>>
}

/** The object type that `entityType` has made. @throws MISCONFIGURED where it has made none. */
export function entityTypeOf<E extends Entity>(builder: Builder, entity: E, as?: Ref<Narrow<E>>): Ref<Narrow<E>> {
  if (as) return as
  const ref = entityTypes(builder).get(entity)
  if (!ref) {
    const remedy = 'Call entityType before, in schema/<type>.ts.'
    throw new CrossfadeError('MISCONFIGURED', `${entity.name} has no object type on this builder. ${remedy}`)
  }
  return ref as unknown as Ref<Narrow<E>> // kept by the entity that it was made for
}

/**
 * The GraphQL object of an entity: the id and every mapped field, under its own name or the one that `fields` says. An
 * entity may have several, each with a `name` of its own. Fields that relate entities or compute something are added with
 * `builder.objectFields`: see `reading`, `reference` and `children`. Its resolvers return records; what they hold is what
 * was selected.
 *
 * @throws MISCONFIGURED for paths that the entity does not have, and embedded objects without a name.
 */
export function entityType<E extends Entity>(
  builder: Builder,
  entity: E,
  options: EntityTypeOptions<E> = {},
): Ref<Narrow<E>> {
  const { name = entity.name, description, interfaces = [], embeds = {}, omit = [], fields = {}, globalIds } = options
  checkPaths(entity, 'embeds', Object.keys(embeds))
  checkPaths(entity, 'omit', omit)
  checkPaths(
    entity,
    'fields',
    Object.keys(fields).filter((path) => path !== 'id'),
  )
  addScalars(builder, entity)
  const ref = builder.objectRef<Parent>(name)
  const known = entityTypes(builder)
  if (!known.has(entity)) known.set(entity, ref)
  const place: Place = { builder, entity, embeds, omit: new Set<string>(omit), fields, prefix: '' }
  const { id = {} } = fields as Place['fields']
  const { name: idName = 'id' } = id
  const ownId = shared('id', true, id)
  const global = globalIds && { resolve: ({ id }: Parent): never => globalIds.encode(entity, id as Id) as never }
  builder.objectType(ref, {
    description,
    interfaces: [...interfaces] as InterfaceRef<SchemaTypesOf, Parent>[],
    extensions: { entity },
    fields: (t) => ({
      [idName]: t.field({ ...ownId, ...global, type: 'ID' }),
      ...fieldsFor(t, place, entity.nodes, [idName]),
    }),
  })
  return ref as unknown as Ref<Narrow<E>> // what it shows are records of the entity
}
