import { setTimeout as sleep } from 'node:timers/promises'
import { meansNull } from '../codec/converter.ts'
import { canonicalValue } from '../entity/canonical-value.ts'
import type { Entity, Id } from '../entity/entity.ts'
import { allFields } from '../entity/field-set.ts'
import { leafAt } from '../entity/leaf-at.ts'
import { newRecord } from '../entity/new-record.ts'
import { parseId } from '../entity/parse-id.ts'
import type { KeyPathOf, ValueAt } from '../entity/path.ts'
import { asRecord, type NewRecordOf, type RecordOf } from '../entity/record.ts'
import { leafValue } from '../entity/values.ts'
import { parseWhere } from '../query/parse-where.ts'
import { isNothing, planPatch } from '../query/patch.ts'
import type { PatchOf } from '../query/patch-of.ts'
import { parseValue, type WhereOf } from '../query/where.ts'
import { refusedRecord } from '../stores/failure.ts'
import type { Image, Replica, Stamp, Steps, Store } from '../stores/store.ts'
import { CrossfadeError } from '../util/errors.ts'
import { askOnly } from './fail-over.ts'

/** Says what is to be changed of a record; null: nothing. */
type Rule<E extends Entity> = (record: RecordOf<E>) => PatchOf<E> | null | Promise<PatchOf<E> | null>

/** What became of a change with a condition. */
export type Conditional<E extends Entity> =
  | { readonly outcome: 'changed' | 'unmet'; readonly record: RecordOf<E> }
  | { readonly outcome: 'absent'; readonly record: null }

/** Writes of one type inside one mutation. Each is acknowledged by the authority when it resolves. */
export interface TypeWrites<E extends Entity> {
  /**
   * Makes the id once, for both stores, unless one is given.
   * @throws BAD_USER_INPUT where none is given and the mapping makes none, or where it cannot be one of this type.
   */
  create(input: NewRecordOf<E>, id?: Id): Promise<RecordOf<E>>
  /** One atomic step. Null where there is no such record. */
  patch(id: Id, patch: PatchOf<E>): Promise<RecordOf<E> | null>
  /**
   * One atomic step where the record meets the condition: of twenty who claim it at once one does, and a counter that is
   * guarded never goes below.
   *
   * ```ts
   * const { outcome } = await tx.of(Product).patchWhen(id, where(Product, { stock: { gte: 1 } }), { stock: increment(-1) })
   * ```
   *
   * @returns with `changed`, the record as it then is; with `unmet`, as it was found behind that; with `absent`, null.
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
   * @throws MISCONFIGURED for a field that is not unique, and inside of `together`; CONFLICT where another record has
   * another of its unique values.
   */
  upsert<P extends KeyPathOf<E> & keyof NewRecordOf<E> & string>(
    path: P,
    value: NonNullable<ValueAt<E, P>>,
    given: {
      readonly create: Omit<NewRecordOf<E>, P>
      readonly change: PatchOf<E> | Rule<E>
    },
  ): Promise<RecordOf<E>>
  /** The record as the authority has it now. */
  get(id: Id): Promise<RecordOf<E> | null>
  /** False where there was no such record. */
  delete(id: Id): Promise<boolean>
}

/** Where the writes of a type go. */
export interface Place {
  /** It has authority over the type. */
  readonly store: Store
  /** The transaction that they are steps of; null where each stands by itself. */
  readonly joint: Steps | null
  /** Null in stages without one. */
  readonly mirror: Replica | null
  readonly stamp: Stamp & { readonly check: () => void }
  /** Told of each record that was written, or deleted. */
  readonly keep: (image: Image) => void
}

/** How often what others may be first at is begun, and how long it waits before the next try, in milliseconds, times the tries so far. */
const [maxTries, pauseMs] = [30, 4]

const rested = (tries: number): Promise<void> => sleep(Math.random() * pauseMs * tries)

/** Writes of one type, each a step that the authority acknowledges. */
export function typeWrites<E extends Entity>(entity: E, { store, joint, mirror, stamp, keep }: Place): TypeWrites<E> {
  const authority = joint ?? store.authority

  function kept(image: Image | null): RecordOf<E> | null {
    if (image) keep(image)
    return asRecord<E, RecordOf<E>>(entity, image?.record ?? null)
  }

  async function present(id: Id): Promise<Image | undefined> {
    const images = joint
      ? await joint.images(entity, [id])
      : await askOnly(store, ({ outbox }) => outbox.images(entity, [id]))
    return images[0]
  }

  const writes: TypeWrites<E> = {
    get: async (id) => asRecord<E, RecordOf<E>>(entity, (await present(parseId(entity, id)))?.record ?? null),

    async create(input, id) {
      const given = id ?? entity.newId?.()
      if (given === undefined)
        throw new CrossfadeError(
          'BAD_USER_INPUT',
          `A new ${entity.name} needs an id: give it to create(), or let the mapping make one with newId.`,
        )
      const record = newRecord(entity, parseId(entity, given), input)
      const reason = mirror?.unfit(entity, record)
      if (reason) throw refusedRecord(reason)
      return kept(await authority.create(entity, record, stamp, id === undefined))!
    },

    async patch(id, input) {
      const patch = planPatch(entity, input)
      if (isNothing(patch)) return writes.get(id) // no write, but it still tells whether the record is there
      return kept(await authority.patch(entity, parseId(entity, id), patch, stamp))
    },

    async patchWhen(id, when, input) {
      const patch = planPatch(entity, input)
      if (isNothing(patch)) throw new CrossfadeError('BAD_USER_INPUT', `A patch of ${entity.name} changes nothing.`)
      const guard = { when: parseWhere(entity, when) }
      const changed = kept(await authority.patch(entity, parseId(entity, id), patch, stamp, guard))
      if (changed) return { outcome: 'changed', record: changed }
      const record = await writes.get(id)
      return record ? { outcome: 'unmet', record } : { outcome: 'absent', record }
    },

    async update(given, change) {
      const id = parseId(entity, given)
      for (let tries = 1; tries <= maxTries; tries++) {
        const image = await present(id)
        if (!image?.record) return null
        const record = asRecord<E, RecordOf<E>>(entity, image.record)
        const input = await change(record)
        const patch = input && planPatch(entity, input)
        if (!patch || isNothing(patch)) return record
        stamp.check() // `change` may have taken its time
        const changed = await authority.patch(entity, id, patch, stamp, { at: image.version })
        if (changed) return kept(changed)
        await rested(tries)
      }
      const text = `${entity.name} ${id} was changed by others ${maxTries} times before it could be; try again.`
      throw new CrossfadeError('TRY_AGAIN', text)
    },

    async upsert(path, given, { create, change }) {
      const leaf = leafAt(entity, path)
      if (!leaf.unique || joint) {
        const why = joint ? 'stands in no transaction: leave it out of together()' : `needs ${path} to be unique`
        throw new CrossfadeError('MISCONFIGURED', `An upsert of ${entity.name} ${why}.`)
      }
      const value = parseValue(entity, path, given)
      if (value === null || meansNull(leaf.converter, value))
        throw new CrossfadeError('BAD_USER_INPUT', `${entity.name}.${path}: null is no value to be found by.`)
      const wanted = canonicalValue(leaf, value)
      const rule = typeof change === 'function' ? change : () => change
      const among = { where: { op: 'eq', path, value }, order: [{ path: 'id', direction: 'asc' }], limit: 1 } as const
      let conflict: unknown
      for (let tries = 1; tries <= maxTries; tries++) {
        const [found] = await askOnly(store, ({ reader }) =>
          reader.query(entity, { ...among, fields: allFields(entity) }),
        )
        let isIt = true
        const updated =
          found &&
          (await writes.update(found.record.id, (record) => {
            isIt = canonicalValue(leaf, leafValue(record, leaf)) === wanted
            return isIt ? rule(record) : null // another has the value by now, or nobody
          }))
        if (updated && isIt) return updated
        if (!found)
          try {
            return await writes.create({ ...create, [path]: given } as NewRecordOf<E>) // the path is a field of it
          } catch (error) {
            // Somebody was first, and may not be seen yet; or it is about another value, of which nothing will be seen
            if (!(error instanceof CrossfadeError && error.code === 'CONFLICT')) throw error
            conflict = error
          }
        await rested(tries)
      }
      throw conflict ?? new CrossfadeError('TRY_AGAIN', `Others were first ${maxTries} times; try again.`)
    },

    async delete(id) {
      const image = await authority.delete(entity, parseId(entity, id), stamp)
      kept(image)
      return image !== null
    },
  }
  return writes
}
