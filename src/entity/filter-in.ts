import type { Fields, ListShape, ObjectsShape, ValueOf } from './field.ts'
import type { EqualKind, FieldAt, KindAt, OrderedKind, ScalarPathIn, ShapedPathIn } from './path.ts'

interface EqualTests<T> {
  readonly eq?: T | null | undefined
  readonly ne?: T | null | undefined
  readonly in?: readonly (T | null)[] | null | undefined
  readonly notIn?: readonly (T | null)[] | null | undefined
}

interface OrderTests<T> {
  readonly lt?: T | null | undefined
  readonly lte?: T | null | undefined
  readonly gt?: T | null | undefined
  readonly gte?: T | null | undefined
}

interface TextTests {
  readonly contains?: string | null | undefined
  readonly startsWith?: string | null | undefined
  readonly endsWith?: string | null | undefined
  /** Letters are equal without regard to case. */
  readonly insensitive?: boolean | null | undefined
}

interface ListTests<T> {
  readonly has?: T | null | undefined
  readonly hasSome?: readonly T[] | null | undefined
  readonly hasEvery?: readonly T[] | null | undefined
  readonly isEmpty?: boolean | null | undefined
  readonly isNull?: boolean | null | undefined
}

/** Of no objects "some" is false, "every" and "none" are true; a null list has none. */
interface ObjectsTests<F extends Fields> {
  readonly some?: FilterIn<F> | null | undefined
  readonly every?: FilterIn<F> | null | undefined
  readonly none?: FilterIn<F> | null | undefined
  readonly isEmpty?: boolean | null | undefined
  readonly isNull?: boolean | null | undefined
}

export type Tests<T, K> = EqualTests<T> &
  (K extends OrderedKind ? OrderTests<T> : unknown) &
  (K extends 'text' | 'enum' ? TextTests : unknown)

/** Paths that a filter may name. */
export type FilterPathIn<F extends Fields> = ScalarPathIn<F, EqualKind> | ShapedPathIn<F, ListShape>

type Elements<T> = NonNullable<T> extends readonly (infer V)[] ? V : never

export type Conditions<F extends Fields> = string extends keyof F
  ? Readonly<Record<string, unknown>>
  : {
      readonly [P in ScalarPathIn<F, EqualKind>]?:
        | Tests<NonNullable<ValueOf<FieldAt<F, P>>>, KindAt<F, P>>
        | null
        | undefined
    } & {
      readonly [P in ShapedPathIn<F, ListShape>]?: ListTests<Elements<ValueOf<FieldAt<F, P>>>> | null | undefined
    } & {
      readonly [P in ShapedPathIn<F, ObjectsShape>]?: ObjectsTests<ObjectsAt<F, P>> | null | undefined
    }

export interface Combined<C> {
  readonly and?: readonly C[] | null | undefined
  readonly or?: readonly C[] | null | undefined
  readonly not?: C | null | undefined
}

/** Conditions on the members of an object. */
export type FilterIn<F extends Fields> = Conditions<F> & Combined<FilterIn<F>>

/** The members of the objects in the list at a path. */
export type ObjectsAt<F extends Fields, P extends string> =
  FieldAt<F, P> extends { readonly shape: ObjectsShape<infer G> } ? G : never
