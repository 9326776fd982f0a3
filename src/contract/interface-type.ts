import type { InterfaceRef } from '@pothos/core'
import type { Entity } from '../entity/entity.ts'
import { leafAt } from '../entity/leaf-at.ts'
import type { LeafPathOf } from '../entity/path.ts'
import type { Narrow } from '../entity/record.ts'
import { recordType } from '../resolve/record-type.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Builder, SchemaTypesOf } from './builder.ts'
import { leafType } from './leaf-type.ts'
import { addScalar, scalarName } from './scalars.ts'

interface Options<P extends string> {
  readonly description?: string
  /** Record paths of fields of the record itself that all of the types show, under these names. */
  readonly fields?: readonly P[]
}

/**
 * An interface of the object types of several entities, with their ids and the fields that are named; each type names it in
 * its `interfaces`:
 *
 * ```ts
 * const Content = interfaceType(builder, 'Content', [Article, Advert], { fields: ['title'] })
 * entityType(builder, Article, { interfaces: [Content] })
 * ```
 *
 * A union is Pothos' own: `builder.unionType('Piece', { types: […], resolveType: recordType })`.
 *
 * @throws MISCONFIGURED for a field that one of the entities lacks, has as another kind, or has inside of an object.
 */
export function interfaceType<E extends Entity, const P extends LeafPathOf<E> & keyof E['fields'] & string = never>(
  builder: Builder,
  name: string,
  entities: readonly E[],
  { description, fields = [] }: Options<P> = {},
): InterfaceRef<SchemaTypesOf, Narrow<E>> {
  const shown = fields.map((path) => {
    if (path.includes('.')) {
      const text = `${name}.${path} is inside of an object, and an interface shows fields of the record itself`
      throw new CrossfadeError('MISCONFIGURED', `${text}. Leave it out of \`fields\`.`)
    }
    const leaves = entities.map((entity) => leafAt(entity, path))
    const [first] = leaves
    const other = leaves.findIndex(
      ({ kind, list }) => kind !== first!.kind || (list === 'none') !== (first!.list === 'none'),
    )
    if (first && other < 0) return { path, leaf: first, required: leaves.every(({ required }) => required) }
    const text = `${name}.${path} is of one kind in ${entities[0]?.name} and of another in ${entities[other]?.name}`
    throw new CrossfadeError('MISCONFIGURED', `${text}. Leave it out of \`fields\`.`)
  })
  for (const { leaf } of shown) addScalar(builder, scalarName(leaf))
  const ref = builder.interfaceRef<Narrow<E>>(name)
  ref.implement({
    description,
    resolveType: recordType as never, // of another library's context
    fields: (t) => ({
      id: t.field({ type: 'ID', nullable: false, resolve: ({ id }) => id }),
      ...Object.fromEntries(
        shown.map(({ path, leaf, required }) => {
          const type = leafType(builder, leaf)
          // Each object type has a resolver of its own
          const told = { resolve: (record: object) => (record as Record<string, never>)[path]! }
          if (leaf.list === 'none') return [path, t.field({ ...told, type, nullable: !required })]
          return [path, t.field({ ...told, type: [type], nullable: { list: !required, items: false } })]
        }),
      ),
    }),
  })
  return ref
}
