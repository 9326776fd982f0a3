import type { Entity } from '../entity/entity.ts'
import type { Fields, ListShape, ObjectsShape, ValueOf } from '../entity/field.ts'
import type { EqualKind, FieldAt, KindAt, OrderedKind, ScalarPathIn, ShapedPathIn } from '../entity/path.ts'

interface EqualTests<T> {
  readonly eq?: T | null
  readonly ne?: T | null
  readonly in?: readonly (T | null)[] | null
  readonly notIn?: readonly (T | null)[] | null
}

interface OrderTests<T> {
  readonly lt?: T | null
  readonly lte?: T | null
  readonly gt?: T | null
  readonly gte?: T | null
}

interface TextTests {
  readonly contains?: string | null
  readonly startsWith?: string | null
  readonly endsWith?: string | null
  /** Letters are equal without regard to case. */
  readonly insensitive?: boolean | null
}

interface ListTests<T> {
  readonly has?: T | null
  readonly hasSome?: readonly T[] | null
  readonly hasEvery?: readonly T[] | null
  readonly isEmpty?: boolean | null
  readonly isNull?: boolean | null
}

/** Of no objects "some" is false, "every" and "none" are true; a null list has none. */
interface ObjectsTests<F extends Fields> {
  readonly some?: FilterIn<F> | null
  readonly every?: FilterIn<F> | null
  readonly none?: FilterIn<F> | null
  readonly isEmpty?: boolean | null
  readonly isNull?: boolean | null
}

type Tests<T, K> = EqualTests<T> &
  (K extends OrderedKind ? OrderTests<T> : unknown) &
  (K extends 'text' | 'enum' ? TextTests : unknown)

/** Paths that a filter may name. */
export type FilterPathIn<F extends Fields> = ScalarPathIn<F, EqualKind> | ShapedPathIn<F, ListShape>

type Elements<T> = NonNullable<T> extends readonly (infer V)[] ? V : never

type Conditions<F extends Fields> = string extends keyof F
  ? Readonly<Record<string, unknown>>
  : {
      readonly [P in ScalarPathIn<F, EqualKind>]?: Tests<NonNullable<ValueOf<FieldAt<F, P>>>, KindAt<F, P>> | null
    } & {
      readonly [P in ShapedPathIn<F, ListShape>]?: ListTests<Elements<ValueOf<FieldAt<F, P>>>> | null
    } & {
      readonly [P in ShapedPathIn<F, ObjectsShape>]?: ObjectsTests<ObjectsAt<F, P>> | null
    }

interface Combined<C> {
  readonly and?: readonly C[] | null
  readonly or?: readonly C[] | null
  readonly not?: C | null
}

/** Conditions on the members of an object. */
export type FilterIn<F extends Fields> = Conditions<F> & Combined<FilterIn<F>>

/** The members of the objects in the list at a path. */
export type ObjectsAt<F extends Fields, P extends string> =
  FieldAt<F, P> extends { readonly shape: ObjectsShape<infer G> } ? G : never

interface ById<E extends Entity> {
  readonly id?: Tests<string | number, E['idKind']> | null
}

/**
 * Conditions by path, all of which must hold; several on one field likewise. Null is as if left out, but for `eq` and
 * `ne`, where it asks for what is null or missing.
 */
export type FilterOf<E extends Entity> = Conditions<E['fields']> & ById<E> & Combined<FilterOf<E>>
