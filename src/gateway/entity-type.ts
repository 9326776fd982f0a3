import type { Entity, Leaf, Node, RecordOf } from '../entity/entity.ts'
import { CrossfadeError } from '../util/errors.ts'
import { onceFor } from '../util/once-for.ts'
import type { Builder, FieldBuilder, Ref } from './builder.ts'
import { addScalar, scalarNames } from './scalars.ts'

type Parent = Readonly<Record<string, unknown>>
type T = FieldBuilder<Parent>

export interface EntityTypeOptions {
  /** GraphQL names of embedded objects, by record path. */
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

function fieldsFor(builder: Builder, entity: Entity, t: T, nodes: readonly Node[], options: EntityTypeOptions) {
  const omit = new Set(options.omit)
  const shown = nodes.filter((node) => !omit.has((node.leaf ?? node.embed).path))
  return Object.fromEntries(
    shown.map((node) => {
      if (node.leaf) return [node.key, leafField(t, node.leaf, node.key)]
      const type = embedType(builder, entity, node, options)
      const resolve = (parent: Parent): never => (parent[node.key] ?? null) as never
      return [node.key, t.field({ type, nullable: !node.embed.required, resolve })]
    }),
  )
}

/** One embedded mapping may stand at several paths (`viewer`, `critic`) under one GraphQL name. */
const embedTypes = onceFor((_builder: Builder) => new Map<string, Ref<Parent>>())

function embedType(
  builder: Builder,
  entity: Entity,
  node: Node & { nodes: readonly Node[] },
  options: EntityTypeOptions,
) {
  const { path } = node.embed!
  const name = options.embeds?.[path]
  if (!name) {
    throw new CrossfadeError(
      'MISCONFIGURED',
      `${entity.name}.${path} needs a GraphQL name: give it in \`embeds\`, or omit it.`,
    )
  }
  const known = embedTypes(builder)
  const earlier = known.get(name)
  if (earlier) return earlier
  const ref = builder.objectRef<Parent>(name)
  known.set(name, ref)
  builder.objectType(ref, { fields: (t) => fieldsFor(builder, entity, t, node.nodes, options) })
  return ref
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
  for (const leaf of entity.leaves.values()) addScalar(builder, scalarNames[leaf.kind])
  const ref = builder.objectRef<Parent>(entity.name)
  builder.objectType(ref, {
    fields: (t) => ({
      id: t.field({ type: 'ID', nullable: false, resolve: (record) => record['id'] as string }),
      ...fieldsFor(builder, entity, t, entity.nodes, options),
    }),
  })
  return ref as unknown as Ref<RecordOf<E>>
}
