import type { Entity, IdKinds, Rec } from './entity.ts'
import type { EmbedShape, Field, Fields, ListShape, ObjectsShape, OfId, ValueOf, ValuesOf } from './field.ts'
import type { PathOf } from './path.ts'

/** The id of an entity's records: a number for `int()`, else text. */
export type IdOf<E extends Entity> = IdKinds[E['idKind']]

declare const mapped: unique symbol

/** Records of one entity, told apart from those of another by the compiler alone. */
interface Identified<F extends Fields, K extends keyof IdKinds> {
  readonly id: IdKinds[K]
  readonly [mapped]?: { readonly fields: F; readonly idKind: K }
}

/** A whole record, as writes return it. */
export type RecordOf<E extends Entity> = Identified<E['fields'], E['idKind']> & ValuesOf<E['fields']>

/**
 * A record as a narrow read returns it: the id, and what stands at the paths `P`. What the client selected is there as
 * well, and resolvers that do not know of it cannot lean on it.
 */
export type Narrow<E extends Entity, P extends PathOf<E> = never> = Identified<E['fields'], E['idKind']> &
  Picked<E['fields'], P>

type Mapped<R> = R extends { readonly [mapped]?: infer M } ? NonNullable<M> : never

/** The fields of the entity that a record is of. */
export type FieldsIn<R> = Mapped<R> extends { readonly fields: infer F extends Fields } ? F : never

/** The kind of its id. */
export type IdKindIn<R> = Mapped<R> extends { readonly idKind: infer K } ? K : never

type Head<P extends string> = P extends `${infer N}.${string}` ? N : P
type Tail<P extends string, N extends string> = P extends `${N}.${infer R}` ? R : never

type Picked<F extends Fields, P extends string> = {
  readonly [N in Head<P> & keyof F]: N extends P ? ValueOf<F[N]> : PickedIn<F[N], Tail<P, N & string>>
}
/** Inside of json the whole value is read. */
type PickedIn<D, P extends string> =
  D extends Field<infer T, infer S>
    ? S extends EmbedShape<infer G>
      ? Picked<G, P> | Extract<T, null>
      : S extends ObjectsShape<infer G>
        ? readonly Picked<G, P>[] | Extract<T, null>
        : T
    : never

/** What a field takes when a record is made or changed: lists may be of anything that is read only. */
export type Given<D> =
  D extends Field<infer T, infer S>
    ? S extends EmbedShape<infer G>
      ? Members<G> | Extract<T, null>
      : S extends ObjectsShape<infer G>
        ? readonly Members<G>[] | Extract<T, null>
        : S extends ListShape
          ? Readonly<T>
          : T
    : never

type MayBeLeftOut<D> =
  null extends ValueOf<D> ? true : D extends Field<unknown, infer S> ? (S extends OfId ? true : false) : never

/** Fields that may be null may be left out, and those that show parts of the id. */
export type Members<F extends Fields> = {
  readonly [N in keyof F as MayBeLeftOut<F[N]> extends true ? never : N]: Given<F[N]>
} & { readonly [N in keyof F as MayBeLeftOut<F[N]> extends true ? N : never]?: Given<F[N]> | undefined }

/** What `create` takes: a record without its id; nullable fields may be left out. */
export type NewRecordOf<E extends Entity> = Members<E['fields']>

/**
 * A decoded record with the types of its mapping. Codecs walk mappings whose types are forgotten, so this is the one
 * place where the compiler takes it on trust; what the codecs return is held against the mapping by tests.
 */
export function asRecord<E extends Entity, R extends Identified<E['fields'], E['idKind']>>(_entity: E, record: Rec): R
export function asRecord<E extends Entity, R extends Identified<E['fields'], E['idKind']>>(
  _entity: E,
  record: Rec | null,
): R | null
export function asRecord(_entity: Entity, record: Rec | null): Rec | null {
  return record
}
