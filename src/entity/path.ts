import type { KindName } from '../codec/kinds.ts'
import type { Entity, IdKinds } from './entity.ts'
import type { EmbedShape, Field, Fields, ListShape, ObjectsShape, ScalarShape, Shape } from './field.ts'

/** Kinds whose values can be asked for by equality. A test holds these three against `Kind.queries`. */
export type EqualKind = Exclude<KindName, 'json'>
/** Kinds whose values have an order. */
export type OrderedKind = Exclude<KindName, 'json' | 'binary'>
export type NumberKind = 'int' | 'float' | 'long' | 'decimal'

type ShapeOf<D> = D extends Field<unknown, infer S> ? S : never

/** Without a mapping's own types any name may be meant. */
type Untyped<F extends Fields> = string extends keyof F ? true : false

/** Every path of a record: values, objects, lists, and members of all of them. */
export type PathIn<F extends Fields> =
  Untyped<F> extends true ? string : { [N in keyof F & string]: N | `${N}.${Below<ShapeOf<F[N]>>}` }[keyof F & string]
type Below<S> = S extends EmbedShape<infer G> | ObjectsShape<infer G> ? PathIn<G> : never

/** Paths of embedded objects and lists of them, inside of one another as well. */
export type ObjectPathIn<F extends Fields> =
  Untyped<F> extends true ? string : { [N in keyof F & string]: ObjectsFrom<N, ShapeOf<F[N]>> }[keyof F & string]
type ObjectsFrom<N extends string, S> = S extends EmbedShape<infer G> | ObjectsShape<infer G>
  ? N | `${N}.${ObjectPathIn<G>}`
  : never

/** Paths outside of lists, for what is written. */
export type WrittenPathIn<F extends Fields> =
  Untyped<F> extends true
    ? string
    : { [N in keyof F & string]: N | `${N}.${BelowEmbed<ShapeOf<F[N]>>}` }[keyof F & string]
type BelowEmbed<S> = S extends EmbedShape<infer G> ? WrittenPathIn<G> : never

/** Paths of values of the given kinds outside of lists, those that can be asked for inside of json among them. */
export type ScalarPathIn<F extends Fields, K extends KindName> =
  Untyped<F> extends true ? string : { [N in keyof F & string]: ScalarsAt<N, ShapeOf<F[N]>, K> }[keyof F & string]
type ScalarsAt<N extends string, S, K extends KindName> =
  S extends ScalarShape<infer L, infer P>
    ? (L extends K ? N : never) | `${N}.${ScalarPathIn<P, K>}`
    : S extends EmbedShape<infer G>
      ? `${N}.${ScalarPathIn<G, K>}`
      : never

/** Paths of fields of one shape outside of lists. */
export type ShapedPathIn<F extends Fields, W extends Shape> =
  Untyped<F> extends true ? string : { [N in keyof F & string]: ShapedAt<N, ShapeOf<F[N]>, W> }[keyof F & string]
type ShapedAt<N extends string, S, W extends Shape> =
  | (S extends W ? N : never)
  | (S extends EmbedShape<infer G> ? `${N}.${ShapedPathIn<G, W>}` : never)

/** The field at a path, through objects, lists of them, and json. */
export type FieldAt<F extends Fields, P extends string> = P extends keyof F
  ? F[P]
  : P extends `${infer N}.${infer R}`
    ? N extends keyof F
      ? FieldBelow<ShapeOf<F[N]>, R>
      : never
    : never
type FieldBelow<S, R extends string> = S extends EmbedShape<infer G> | ObjectsShape<infer G>
  ? FieldAt<G, R>
  : S extends ScalarShape<KindName, infer P>
    ? R extends keyof P
      ? P[R]
      : never
    : never

/** The kind of the value at a path, or of the elements of the list there. */
export type KindAt<F extends Fields, P extends string> =
  ShapeOf<FieldAt<F, P>> extends ScalarShape<infer K> | ListShape<infer K> ? K : never

/** A path of an entity's records: what resolvers read, and what a contract names or leaves out. */
export type PathOf<E extends Entity> = PathIn<E['fields']>

/** A path that records can be looked up by. */
export type KeyPathOf<E extends Entity> = 'id' | ScalarPathIn<E['fields'], EqualKind>

/** A path that records can be ordered by. */
export type OrderPathOf<E extends Entity> = 'id' | ScalarPathIn<E['fields'], OrderedKind>

/** A path of one value or list of scalars, outside of lists of objects. */
export type LeafPathOf<E extends Entity> =
  | 'id'
  | ScalarPathIn<E['fields'], KindName>
  | ShapedPathIn<E['fields'], ListShape>

/** What stands at a path that is not inside of a list, or is the id. */
export type ValueAt<E extends Entity, P extends string> = P extends 'id'
  ? IdKinds[E['idKind']]
  : FieldAt<E['fields'], P> extends Field<infer T>
    ? T
    : never
