import type { Entity, Leaf } from '../entity/entity.ts'
import type { ListShape, ScalarShape, ValueOf } from '../entity/field.ts'
import { leafAt } from '../entity/leaf-at.ts'
import type { ShapedPathIn } from '../entity/path.ts'
import type { Given } from '../entity/record.ts'
import type { Builder, InputRef } from './builder.ts'
import { leafType } from './leaf-type.ts'

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

/** An input whose fields are those of the paths, by their kinds: what the functions below say in types. */
function inputType(
  builder: Builder,
  entity: Entity,
  paths: readonly string[],
  isRequired: (leaf: Leaf) => boolean,
  { name, description }: Options,
): InputRef<Record<string, unknown>> {
  const leaves = paths.map((path) => leafAt(entity, path))
  const ref = builder.inputRef<Record<string, unknown>>(name)
  return ref.implement({
    description,
    fields: (t) =>
      Object.fromEntries(
        leaves.map((leaf) => {
          const type = leafType(builder, leaf)
          const required = isRequired(leaf)
          return [leaf.path, leaf.list === 'none' ? t.field({ type, required }) : t.field({ type: [type], required })]
        }),
      ),
  })
}

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
  { required = [], ...options }: Options & { readonly required?: readonly R[] },
): InputRef<NewInput<E, P, R>> {
  const named = new Set<string>(required)
  const ref = inputType(builder, entity, paths, (leaf) => leaf.required || named.has(leaf.path), options)
  return ref as InputRef<never> // see `inputType`
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
  options: Options,
): InputRef<PatchInput<E, P>> {
  return inputType(builder, entity, paths, () => false, options) as InputRef<never> // likewise
}
