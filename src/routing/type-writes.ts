import type { Entity, Id } from '../entity/entity.ts'
import type { KeyPathOf, ValueAt } from '../entity/path.ts'
import type { NewRecordOf, RecordOf } from '../entity/record.ts'
import type { PatchOf } from '../query/patch-of.ts'
import type { WhereOf } from '../query/where.ts'
import type { ManyBound } from './many.ts'

/** Says what is to be changed of a record; null: nothing. */
export type Rule<E extends Entity> = (record: RecordOf<E>) => PatchOf<E> | null | Promise<PatchOf<E> | null>

/** What became of a change with a condition. */
export type Conditional<E extends Entity> =
  | { readonly outcome: 'changed' | 'unmet'; readonly record: RecordOf<E> }
  | { readonly outcome: 'absent'; readonly record: null }

/** What became of a delete with a condition. */
export type ConditionalDelete<E extends Entity> =
  | { readonly outcome: 'deleted' | 'absent'; readonly record: null }
  | { readonly outcome: 'unmet'; readonly record: RecordOf<E> }

/** A new record among several, with its id where the mapping makes none. */
export type NewOne<E extends Entity> = NewRecordOf<E> & { readonly id?: Id }

/** What an upsert by the field at a path makes, and what it changes of what is there. */
export interface Upserted<E extends Entity, P extends string> {
  readonly create: Omit<NewRecordOf<E>, P>
  readonly change: PatchOf<E> | Rule<E>
}

/** By path what a record has in the fields that an upsert goes by. */
export type UpsertKey<E extends Entity> = {
  readonly [P in KeyPathOf<E> & keyof NewRecordOf<E> & string]?: NonNullable<ValueAt<E, P>>
}

/** Writes of one type inside one mutation. Each is acknowledged by the authority when it resolves. */
export interface TypeWrites<E extends Entity> {
  /**
   * Makes the id once, for both stores, unless one is given.
   * @throws BAD_USER_INPUT where none is given and the mapping makes none, or where it cannot be one of this type.
   */
  create(input: NewRecordOf<E>, id?: Id): Promise<RecordOf<E>>
  /**
   * One atomic step. Null where there is no such record. What leaves the record as it was is no new version of it: nothing
   * is owed to the mirror, and the reply waits for nothing.
   */
  patch(id: Id, patch: PatchOf<E>): Promise<RecordOf<E> | null>
  /**
   * One atomic step where the record meets the condition: of twenty who claim it at once one does, and a counter that is
   * guarded never goes below.
   *
   * ```ts
   * const { outcome } = await tx.of(Product).patchWhen(id, where(Product, { stock: { gte: 1 } }), { stock: increment(-1) })
   * ```
   *
   * @returns with `changed`, the record as it then is: it met the condition, and may be as it was before; with `unmet`, as
   * it was found behind that; with `absent`, null.
   * @throws BAD_USER_INPUT for a patch of nothing, and for a condition whose values are of another kind.
   */
  patchWhen(id: Id, when: WhereOf<E['fields']>, patch: PatchOf<E>): Promise<Conditional<E>>
  /**
   * Reads the record, asks what is to be changed of it, and changes that where nobody has changed the record meanwhile; where
   * somebody has, it begins again with what he has made of it. So rules may be plain code: `change` may be called several
   * times, and should do nothing but answer.
   *
   * ```ts
   * await tx.of(Ticket).update(id, ({ owner }) => (owner === null ? { owner: user.id } : null))
   * ```
   *
   * @param change answers with a patch, or with null where the record is to stay as it is.
   * @returns the record as it then is; null where there is none.
   * @throws what `change` throws; TRY_AGAIN where others were first each time.
   */
  update(id: Id, change: Rule<E>): Promise<RecordOf<E> | null>
  /**
   * Changes the record whose field at `path` has the value, as `update` does, or creates one that has it. What is unique
   * decides: of twenty who do it at once one creates, and the others change what he has made.
   *
   * ```ts
   * await tx.of(Visitor).upsert('email', email, { create: { visits: 1 }, change: { visits: increment(1) } })
   * ```
   *
   * Several fields that are unique together go as an object:
   *
   * ```ts
   * await tx.of(Vote).upsert({ pollId, userId }, { create: { choice }, change: { choice } })
   * ```
   *
   * @throws MISCONFIGURED for a field that is not unique, for fields that no index of the store keeps unique together among
   * all records, and inside of `together`; CONFLICT where another record has another of its unique values.
   */
  upsert<const K extends UpsertKey<E>>(
    key: K & { readonly [P in Exclude<keyof K, keyof UpsertKey<E>>]: never },
    given: Upserted<E, keyof K & string>,
  ): Promise<RecordOf<E>>
  upsert<P extends KeyPathOf<E> & keyof NewRecordOf<E> & string>(
    path: P,
    value: NonNullable<ValueAt<E, P>>,
    given: Upserted<E, P>,
  ): Promise<RecordOf<E>>
  /** The record as the authority has it now. */
  get(id: Id): Promise<RecordOf<E> | null>
  /** False where there was no such record. */
  delete(id: Id): Promise<boolean>
  /** One atomic step where the record meets the condition. See `patchWhen`. */
  deleteWhen(id: Id, when: WhereOf<E['fields']>): Promise<ConditionalDelete<E>>
  /**
   * Creates several records, each a write of its own; inside of `together` all or none. Nothing is written before all of
   * them are known to be sound.
   *
   * @param inputs as `create` takes them, with `id` where the mapping makes none; 10,000 at most.
   * @returns the records in the order of their inputs.
   * @throws PartlyWritten where one fails behind others.
   */
  createMany(inputs: readonly NewOne<E>[]): Promise<readonly RecordOf<E>[]>
  /**
   * Changes the records that meet a condition, each in one atomic step and where it still does then. What comes to meet it
   * meanwhile stays as it is.
   *
   * @returns the records that met it, as they then are, in the order of their ids: also those that the patch has left as
   * they were.
   * @throws BAD_USER_INPUT before anything is written, where more meet it than `atMost`; PartlyWritten where a change fails
   * behind others; MISCONFIGURED inside of `together`.
   */
  patchMany(when: WhereOf<E['fields']>, patch: PatchOf<E>, bound?: ManyBound): Promise<readonly RecordOf<E>[]>
  /** Deletes them likewise. @returns the ids of those that were deleted, in order. */
  deleteMany(when: WhereOf<E['fields']>, bound?: ManyBound): Promise<readonly Id[]>
}
