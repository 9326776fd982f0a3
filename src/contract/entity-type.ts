import type { Entity, Leaf, Node, RecordOf, Scope } from '../entity/entity.ts'
import { CrossfadeError } from '../util/errors.ts'
import { onceFor } from '../util/once-for.ts'
import type { Builder, FieldBuilder, Ref } from './builder.ts'
import { addScalar, scalarNames } from './scalars.ts'

type Parent = Readonly<Record<string, unknown>>
type T = FieldBuilder<Parent>

export interface EntityTypeOptions {
  /** GraphQL names of embedded objects, and of those in lists, by record path. */
  readonly embeds?: Readonly<Record<string, string>>
  /** Record paths that the contract does not show, or shows through a field of its own. */
  readonly omit?: readonly string[]
}

function leafField(t: T, leaf: Leaf, key: string) {
  const type = scalarNames[leaf.kind]
  const resolve = (parent: Parent): never => (parent[key] ?? null) as never
  if (leaf.list === 'none') return t.field({ type, nullable: !leaf.required, resolve })
  return t.field({ type: [type], nullable: { list: !leaf.required, items: false }, resolve })
}

/** One mapping: what it is built with, and where in the record its nodes are. */
interface Place {
  readonly builder: Builder
  readonly entity: Entity
  readonly options: EntityTypeOptions
  /** Leads to the objects of a list; empty outside of lists. */
  readonly prefix: string
}

const pathIn = ({ prefix }: Place, node: Node): string => prefix + (node.leaf ?? node.embed ?? node.list).path

function nodeField(t: T, place: Place, node: Node) {
  if (node.leaf) return leafField(t, node.leaf, node.key)
  const path = pathIn(place, node)
  const resolve = (parent: Parent): never => (parent[node.key] ?? null) as never
  if (node.embed) {
    const type = objectType(place, path, node.nodes)
    return t.field({ type, nullable: !node.embed.required, resolve })
  }
  const type = objectType({ ...place, prefix: `${path}.` }, path, node.list.nodes)
  return t.field({ type: [type], nullable: { list: !node.list.required, items: false }, resolve })
}

function fieldsFor(t: T, place: Place, nodes: readonly Node[]) {
  const omit = new Set(place.options.omit)
  const shown = nodes.filter((node) => !omit.has(pathIn(place, node)))
  return Object.fromEntries(shown.map((node) => [node.key, nodeField(t, place, node)]))
}

/** One embedded mapping may stand at several paths (`viewer`, `critic`) under one GraphQL name. */
const objectTypes = onceFor((_builder: Builder) => new Map<string, Ref<Parent>>())

function objectType(place: Place, path: string, nodes: readonly Node[]): Ref<Parent> {
  const { builder, entity, options } = place
  const name = options.embeds?.[path]
  if (!name) {
    throw new CrossfadeError(
      'MISCONFIGURED',
      `${entity.name}.${path} needs a GraphQL name: give it in \`embeds\`, or omit it.`,
    )
  }
  const known = objectTypes(builder)
  const earlier = known.get(name)
  if (earlier) return earlier
  const ref = builder.objectRef<Parent>(name)
  known.set(name, ref)
  builder.objectType(ref, { fields: (t) => fieldsFor(t, place, nodes) })
  return ref
}

function addScalars(builder: Builder, { leaves, lists }: Scope): void {
  for (const leaf of leaves.values()) addScalar(builder, scalarNames[leaf.kind])
  for (const list of lists.values()) addScalars(builder, list)
}

/**
 * The GraphQL object of an entity: the id and every mapped field, under its own name. Fields that relate entities or
 * compute something are added with `builder.objectFields`, with the record paths they need as the extension `needs`.
 * Its resolvers return records; narrow reads hold only what was selected.
 */
export function entityType<E extends Entity>(
  builder: Builder,
  entity: E,
  options: EntityTypeOptions = {},
): Ref<RecordOf<E>> {
  addScalars(builder, entity)
  const ref = builder.objectRef<Parent>(entity.name)
  builder.objectType(ref, {
    fields: (t) => ({
      id: t.field({ type: 'ID', nullable: false, resolve: (record) => record['id'] as string }),
      ...fieldsFor(t, { builder, entity, options, prefix: '' }, entity.nodes),
    }),
  })
  return ref as unknown as Ref<RecordOf<E>>
}
