import type { IdParts } from '../codec/id-part.ts'
import { isPlainObject } from '../util/json.ts'
import { checkEntity } from './checks.ts'
import type { Embed, Entity, Fixed, IdKinds, Leaf, Node, ObjectList, Scope } from './entity.ts'
import type { Field, FieldSpec, Fields, ScalarShape } from './field.ts'
import { checkParts, refuse } from './field-checks.ts'
import type { FilterIn } from './filter-in.ts'
import { snakeCase } from './names.ts'
import { newIds } from './new-ids.ts'

/** A mapping: where the type is in both stores, and what its records hold. */
export interface EntityOptions<F extends Fields, K extends keyof IdKinds, P extends IdParts = IdParts> {
  /** Collection. */
  readonly mongo: string
  /** Table. */
  readonly postgres: string
  /** Kind of `_id`: `objectId()`, `uuid()`, `text()`, `int()`, `longId()` or `compositeId({ … })`. */
  readonly id: Field<unknown, ScalarShape<K> & { readonly parts?: P }>
  /**
   * Makes the id of a record that is created without one. Default: a new ObjectId for `objectId()`, a random UUID for
   * `uuid()`, and else nothing does.
   */
  readonly newId?: () => IdKinds[K]
  /**
   * Types of one group share one flag: they have the same stage, and move together, so that one write can change several
   * of them in one transaction. Which types are in it is kept in both stores, and changed by `crossfade group`. Default:
   * the type moves alone.
   */
  readonly group?: string
  /**
   * Which documents of the collection are records of the type, where it holds those of other types, too: fields with the
   * value that they have in each of them, as `{ kind: 'post' }`. Records are made with it, and keep it. Default: all.
   */
  readonly where?: { readonly [P in keyof F & string]?: Fixed }
  /**
   * What readers show of the type where nobody says otherwise, as `{ deletedAt: { eq: null } }` of records that are deleted
   * softly: a condition as `where` takes it. A read lifts it by `unscoped: true`; writes, copies and comparisons know of
   * all records. Default: all.
   */
  readonly defaultScope?: FilterIn<F>
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
  /** Members of a sensitive object are sensitive. */
  readonly sensitive: boolean
}

const join = (parent: string, child: string): string => (parent === '' ? child : `${parent}.${child}`)

/** Collects the flat parts of one scope while its tree is built. */
class Parts {
  readonly leaves = new Map<string, Leaf>()
  readonly embeds = new Map<string, Embed>()
  readonly lists = new Map<string, ObjectList>()
  readonly jsonPaths = new Map<string, Leaf>()
  readonly #name: string
  readonly #element: boolean

  constructor(name: string, element: boolean) {
    this.#name = name
    this.#element = element
  }

  nodes(fields: Fields, parent: Parent): readonly Node[] {
    return Object.entries(fields).map(([key, field]) => {
      const { spec } = field
      const relative = spec.mongo ?? key
      const place = { key, steps: relative.split('.') }
      const { sensitive } = parent
      const at = { path: join(parent.path, key), mongo: join(parent.mongo, relative), sensitive }
      if (spec.shape === 'objects') return Object.freeze<Node>({ ...place, list: this.#list(spec, at) })
      if (spec.shape === 'embed') return Object.freeze<Node>({ ...place, ...this.#embed(spec, at) })
      return Object.freeze<Node>({ ...place, leaf: this.#leaf(spec, at) })
    })
  }

  #leaf(spec: FieldSpec, at: Parent): Leaf {
    const leaf = Object.freeze<Leaf>({
      ...located(spec, at),
      kind: spec.kind ?? 'json',
      list: spec.shape === 'scalar' ? 'none' : spec.childTable ? 'child' : 'column',
      orOne: spec.orOne,
      converter: spec.converter,
      strict: spec.strict,
      values: spec.values,
      parts: spec.parts,
      unique: spec.unique,
      index: spec.index,
      references: spec.references,
      inJson: null,
      ofId: !this.#element && at.mongo.startsWith('_id.'),
      element: this.#element,
    })
    this.leaves.set(at.path, leaf)
    for (const [path, field] of Object.entries(spec.paths ?? {})) this.#jsonPath(leaf, path, field)
    return leaf
  }

  #jsonPath(json: Leaf, inner: string, { spec }: Field<unknown>): void {
    const path = join(json.path, inner)
    const mongo = join(json.mongo, inner)
    const place = { path, keys: path.split('.'), mongo, parents: prefixes(mongo), inJson: inner.split('.') }
    this.jsonPaths.set(
      path,
      Object.freeze<Leaf>({ ...json, ...place, kind: spec.kind ?? 'json', strict: true, required: false }),
    )
  }

  #embed(spec: FieldSpec, at: Parent): { embed: Embed; nodes: readonly Node[] } {
    const column = spec.column ?? `has_${snakeCase(at.path)}`
    const inner = { ...at, sensitive: at.sensitive || spec.sensitive }
    const embed = Object.freeze<Embed>({ path: at.path, mongo: at.mongo, column, required: spec.required })
    this.embeds.set(at.path, embed)
    return { embed, nodes: this.nodes(spec.fields!, inner) }
  }

  #list(spec: FieldSpec, at: Parent): ObjectList {
    const name = `${this.#name}.${at.path}`
    const list = Object.freeze<ObjectList>({
      ...located(spec, at),
      ...scopeOf(name, spec.fields!, { element: true, sensitive: at.sensitive || spec.sensitive }),
    })
    this.lists.set(at.path, list)
    return list
  }
}

/** What leaves and lists have alike. */
function located(spec: FieldSpec, { path, mongo, ...parent }: Parent) {
  const { childTable, required } = spec
  const sensitive = parent.sensitive || spec.sensitive
  const base = spec.column ?? snakeCase(path)
  const column = childTable && !spec.column ? `${base}_count` : base
  return { path, keys: path.split('.'), mongo, parents: prefixes(mongo), column, childTable, required, sensitive }
}

function scopeOf(
  name: string,
  fields: Fields,
  { element, sensitive }: { element: boolean; sensitive: boolean },
): Scope {
  const parts = new Parts(name, element)
  const nodes = parts.nodes(fields, { path: '', mongo: '', sensitive })
  const { leaves, embeds, lists, jsonPaths } = parts
  return { name, leaves, embeds, lists, jsonPaths, nodes }
}

/**
 * Describes one GraphQL type in both stores, once.
 *
 * ```ts
 * export const Movie = defineEntity('Movie', {
 *   mongo: 'movies',
 *   postgres: 'movies',
 *   id: objectId(),
 *   fields: { title: text().required().index(), imdb: embed({ rating: float(), votes: int() }) },
 * })
 * ```
 *
 * @throws CrossfadeError MISCONFIGURED that names the entity, the field and the remedy, for a mapping that cannot work.
 */
export function defineEntity<F extends Fields, K extends keyof IdKinds, P extends IdParts = IdParts>(
  name: string,
  options: EntityOptions<F, K, P>,
): Entity<F, K, P> {
  const { mongo, postgres, fields } = options
  // Programs without types may leave them out
  if (!options.id?.spec) refuse(name, 'id', 'is missing', 'Describe it, for example with `id: objectId()`.')
  // `id` is of kind K by its type, and `checkEntity` refuses what comes round it; ids are made of it
  checkParts(name, 'id', options.id.spec)
  const idKind = options.id.spec.kind as K
  const idParts = options.id.spec.parts as P | null // likewise
  const scope = scopeOf(name, fields, { element: false, sensitive: false })
  const newId = options.newId ?? newIds[idKind]
  const { group = null, where = {}, defaultScope = null } = options
  if (!isPlainObject(where)) refuse(name, 'where', 'is no object of values by field', "Write { kind: 'post' }.")
  if (defaultScope !== null && !isPlainObject(defaultScope))
    refuse(name, 'defaultScope', 'is no object of tests by field', 'Write { deletedAt: { eq: null } }.')
  const fixed = new Map(Object.entries(where as Readonly<Record<string, Fixed>>))
  const entity: Entity<F, K, P> = Object.freeze({
    mongo,
    postgres,
    idKind,
    idParts,
    newId,
    group,
    fixed,
    defaultScope,
    fields,
    ...scope,
  })
  checkEntity(entity)
  return entity
}
