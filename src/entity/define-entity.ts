import { checkEntity } from './checks.ts'
import type { Embed, Entity, Leaf, Node } from './entity.ts'
import type { Field, Fields } from './field.ts'
import { snakeCase } from './names.ts'

export interface EntityOptions<F extends Fields> {
  /** Collection. */
  readonly mongo: string
  /** Table. */
  readonly postgres: string
  /** Kind of `_id`: `objectId()`, `text()` or `int()`. */
  readonly id: Field<string | null> | Field<number | null>
  readonly group?: string
  readonly fields: F
}

/** A path's own prefixes, outermost first: `a.b.c` → `a`, `a.b`. */
function prefixes(path: string): string[] {
  const steps = path.split('.')
  return steps.slice(1).map((_, index) => steps.slice(0, index + 1).join('.'))
}

interface Parent {
  readonly path: string
  readonly mongo: string
}

const join = (parent: string, child: string): string => (parent === '' ? child : `${parent}.${child}`)

function leafOf(field: Field<unknown>, path: string, mongo: string): Leaf {
  const { spec } = field
  const base = spec.column ?? snakeCase(path)
  return Object.freeze<Leaf>({
    path,
    keys: path.split('.'),
    kind: spec.kind ?? 'json',
    list: spec.shape === 'scalar' ? 'none' : spec.childTable ? 'child' : 'column',
    converter: spec.converter,
    values: spec.values,
    mongo,
    parents: prefixes(mongo),
    column: spec.childTable && !spec.column ? `${base}_count` : base,
    childTable: spec.childTable,
    required: spec.required,
    sensitive: spec.sensitive,
    unique: spec.unique,
    index: spec.index,
    references: spec.references,
  })
}

function nodesOf(fields: Fields, parent: Parent, leaves: Map<string, Leaf>, embeds: Map<string, Embed>): Node[] {
  return Object.entries(fields).map(([key, field]) => {
    const { spec } = field
    const path = join(parent.path, key)
    const relative = spec.mongo ?? key
    const mongo = join(parent.mongo, relative)
    const steps = relative.split('.')
    if (spec.fields === null) {
      const leaf = leafOf(field, path, mongo)
      leaves.set(path, leaf)
      return Object.freeze<Node>({ key, steps, leaf })
    }
    const column = spec.column ?? `has_${snakeCase(path)}`
    const embed = Object.freeze<Embed>({ path, mongo, column, required: spec.required })
    embeds.set(path, embed)
    return Object.freeze<Node>({ key, steps, embed, nodes: nodesOf(spec.fields, { path, mongo }, leaves, embeds) })
  })
}

/**
 * Describes one GraphQL type in both stores, once.
 *
 * @throws CrossfadeError MISCONFIGURED that names the entity, the field and the remedy, for a mapping that cannot work.
 */
export function defineEntity<const N extends string, F extends Fields>(name: N, options: EntityOptions<F>): Entity<F> {
  const leaves = new Map<string, Leaf>()
  const embeds = new Map<string, Embed>()
  const nodes = nodesOf(options.fields, { path: '', mongo: '' }, leaves, embeds)
  const { mongo, postgres, group = null, fields } = options
  const idKind = options.id.spec.kind as Entity['idKind']
  const entity: Entity<F> = Object.freeze({ name, mongo, postgres, idKind, group, fields, leaves, embeds, nodes })
  checkEntity(entity)
  return entity
}
