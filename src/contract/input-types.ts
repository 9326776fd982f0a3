import type { Entity } from '../entity/entity.ts'
import type { ListShape, ScalarShape, ValueOf } from '../entity/field.ts'
import { leafAt } from '../entity/leaf-at.ts'
import type { ShapedPathIn } from '../entity/path.ts'
import type { Given } from '../entity/record.ts'
import type { Builder, InputRef } from './builder.ts'
import { addScalar, scalarName } from './scalars.ts'

/** Fields of the record itself: values and lists of them. */
type InputPath<E extends Entity> = ShapedPathIn<E['fields'], ScalarShape | ListShape> & keyof E['fields'] & string

interface Options {
  /** The contract's name of the input. */
  readonly name: string
  readonly description?: string
}

type MustBeGiven<E extends Entity, P extends InputPath<E>> = {
  [N in P]: null extends ValueOf<E['fields'][N]> ? never : N
}[P]

/** Of the fields `P` those that the mapping requires, or that `R` names, are there; others may be left out or null. */
type NewInput<E extends Entity, P extends InputPath<E>, R extends P> = {
  readonly [N in MustBeGiven<E, P> | R]: NonNullable<Given<E['fields'][N]>>
} & { readonly [N in Exclude<P, MustBeGiven<E, P> | R>]?: Given<E['fields'][N]> }

type PatchInput<E extends Entity, P extends InputPath<E>> = {
  readonly [N in P]?: NonNullable<Given<E['fields'][N]>> | null
}

function implement(
  ref: ReturnType<typeof inputRef>,
  builder: Builder,
  entity: Entity,
  paths: readonly string[],
  isRequired: (path: string) => boolean,
  description: string | undefined,
): void {
  const leaves = paths.map((path) => leafAt(entity, path))
  for (const leaf of leaves) addScalar(builder, scalarName(leaf))
  ref.implement({
    description,
    fields: (t) =>
      Object.fromEntries(
        leaves.map((leaf) => {
          const type = scalarName(leaf)
          const required = isRequired(leaf.path)
          return [leaf.path, leaf.list === 'none' ? t.field({ type, required }) : t.field({ type: [type], required })]
        }),
      ),
  })
}

const inputRef = (builder: Builder, name: string) => builder.inputRef<Record<string, unknown>>(name)

/**
 * The input of a new record, by naming its fields; `create` takes it as it is. A field is required where the mapping
 * requires it, or `required` names it.
 *
 * @throws MISCONFIGURED for a field that the entity does not have.
 */
export function newInput<E extends Entity, const P extends InputPath<E>, const R extends P = never>(
  builder: Builder,
  entity: E,
  paths: readonly P[],
  { name, description, required = [] }: Options & { readonly required?: readonly R[] },
): InputRef<NewInput<E, P, R>> {
  const ref = inputRef(builder, name)
  const named = new Set<string>(required)
  implement(ref, builder, entity, paths, (path) => named.has(path) || leafAt(entity, path).required, description)
  return ref as unknown as InputRef<NewInput<E, P, R>> // its fields are those of `paths`, by their kinds
}

/**
 * The input of a change, by naming the fields that may be changed; `patch` takes it as it is: what is left out stays,
 * null empties a field, and is refused where the mapping requires the field.
 *
 * @throws MISCONFIGURED for a field that the entity does not have.
 */
export function patchInput<E extends Entity, const P extends InputPath<E>>(
  builder: Builder,
  entity: E,
  paths: readonly P[],
  { name, description }: Options,
): InputRef<PatchInput<E, P>> {
  const ref = inputRef(builder, name)
  implement(ref, builder, entity, paths, () => false, description)
  return ref as unknown as InputRef<PatchInput<E, P>> // likewise
}
