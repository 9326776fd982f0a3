import type { Entity, Id, Rec } from '../entity/entity.ts'
import { newRecord } from '../entity/new-record.ts'
import { parseId } from '../entity/parse-id.ts'
import { asRecord, type NewRecordOf, type RecordOf } from '../entity/record.ts'
import { isNothing, type Patch, planPatch } from '../query/patch.ts'
import type { PatchOf } from '../query/patch-of.ts'
import type { Where } from '../query/where.ts'
import { writtenCondition } from '../query/written-condition.ts'
import { Conflict, refusedRecord } from '../stores/failure.ts'
import type { Image, Replica, Stamp, Steps, Store } from '../stores/store.ts'
import { CrossfadeError } from '../util/errors.ts'
import { askOnly } from './fail-over.ts'
import { checkedMany, eachOf, idsOf, type ManyBound } from './many.ts'
import { maxTries, rested } from './tries.ts'
import type { TypeWrites, Upserted, UpsertKey } from './type-writes.ts'
import { upsert } from './upsert.ts'

/** Where the writes of a type go. */
export interface Place {
  /** It has authority over the type. */
  readonly store: Store
  /** The transaction that they are steps of; null where each stands by itself. */
  readonly joint: Steps | null
  /** Null in stages without one. */
  readonly mirror: Pick<Replica, 'unfit'> | null
  /** Whether the mirror is known to have the id for what is no record of the type. */
  readonly isTaken: (id: Id) => Promise<boolean>
  readonly stamp: Stamp & { readonly check: () => void }
  /** Told of each record that was written, or deleted. */
  readonly keep: (image: Image) => void
}

/** Writes of one type, each a step that the authority acknowledges. */
export function typeWrites<E extends Entity>(
  entity: E,
  { store, joint, mirror, isTaken, stamp, keep }: Place,
): TypeWrites<E> {
  const authority = joint ?? store.authority

  function kept(image: Image | null): RecordOf<E> | null {
    if (image) keep(image)
    return asRecord<E, RecordOf<E>>(entity, image?.record ?? null)
  }

  async function present(id: Id): Promise<Image | undefined> {
    const images = joint
      ? await joint.images(entity, [id])
      : await askOnly(store, ({ authority }) => authority.images(entity, [id]))
    return images[0]
  }

  /** A record that both stores can hold, by all that is known without asking them. */
  function made(input: NewRecordOf<E>, id?: Id): Rec {
    const given = id ?? entity.newId?.()
    if (given === undefined)
      throw new CrossfadeError(
        'BAD_USER_INPUT',
        `A new ${entity.name} needs an id: give it to create(), or let the mapping make one with newId.`,
      )
    const record = newRecord(entity, parseId(entity, given), input)
    const reason = mirror?.unfit(entity, record)
    if (reason) throw refusedRecord(reason)
    return record
  }

  /** @param isMade whether its id was made here, and nobody has it. @throws CONFLICT where somebody has. */
  async function create(record: Rec, isMade: boolean): Promise<RecordOf<E> | null> {
    if (!isMade && (await isTaken(record.id))) throw new Conflict(['id'])
    return kept(await authority.create(entity, record, stamp, isMade))
  }

  const planned = (input: PatchOf<E>): Patch => {
    const patch = planPatch(entity, input)
    if (isNothing(patch)) throw new CrossfadeError('BAD_USER_INPUT', `A patch of ${entity.name} changes nothing.`)
    return patch
  }

  /** Each in a step of its own, by a right to write that may have been lost since the first one. */
  const each = <T>(ids: readonly Id[], step: (id: Id) => Promise<T | null>): Promise<T[]> =>
    eachOf(entity, ids, joint !== null, (id) => {
      stamp.check()
      return step(id)
    })

  const among = (when: Where, bound: ManyBound = {}): Promise<readonly Id[]> => {
    if (joint)
      throw new CrossfadeError('MISCONFIGURED', `${entity.name}: together() takes no patchMany and no deleteMany.`)
    return idsOf(entity, store, when, bound)
  }

  /** What a condition was not met by, as it was found behind that. */
  async function unmet(id: Id) {
    const record = await writes.get(id)
    return record ? ({ outcome: 'unmet', record } as const) : ({ outcome: 'absent', record } as const)
  }

  const writes: TypeWrites<E> = {
    get: async (id) => asRecord<E, RecordOf<E>>(entity, (await present(parseId(entity, id)))?.record ?? null),

    create: async (input, id) => (await create(made(input, id), id === undefined))!,

    async patch(id, input) {
      const patch = planPatch(entity, input)
      if (isNothing(patch)) return writes.get(id) // no write, but it still tells whether the record is there
      return kept(await authority.patch(entity, parseId(entity, id), patch, stamp))
    },

    async patchWhen(id, when, input) {
      const patch = planned(input)
      const guard = { when: writtenCondition(entity, when) }
      const changed = kept(await authority.patch(entity, parseId(entity, id), patch, stamp, guard))
      if (changed) return { outcome: 'changed', record: changed }
      return unmet(id)
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

    upsert(by: string | UpsertKey<E>, ...given: readonly unknown[]) {
      const [key, what] = typeof by === 'string' ? [{ [by]: given[0] }, given[1]] : [by, given[0]]
      return upsert(entity, writes, joint ? null : store, key, what as Upserted<E, string>)
    },

    async delete(id) {
      const image = await authority.delete(entity, parseId(entity, id), stamp)
      kept(image)
      return image !== null
    },

    async deleteWhen(given, when) {
      const id = parseId(entity, given)
      const image = await authority.delete(entity, id, stamp, { when: writtenCondition(entity, when) })
      kept(image)
      if (image) return { outcome: 'deleted', record: null }
      return unmet(id)
    },

    async createMany(inputs) {
      const wanted = new Map(
        checkedMany(entity, inputs).map(({ id, ...input }) => {
          const record = made(input as NewRecordOf<E>, id)
          return [record.id, { record, isMade: id === undefined }]
        }),
      )
      if (wanted.size < inputs.length)
        throw new CrossfadeError('BAD_USER_INPUT', `Two of the new ${entity.name} records have one id.`)
      return each([...wanted.keys()], async (id) => {
        const { record, isMade } = wanted.get(id)!
        return create(record, isMade)
      })
    },

    async patchMany(given, input, bound) {
      const [when, patch] = [writtenCondition(entity, given), planned(input)]
      const ids = await among(when, bound)
      return each(ids, async (id) => kept(await authority.patch(entity, id, patch, stamp, { when })))
    },

    async deleteMany(given, bound) {
      const when = writtenCondition(entity, given)
      return each(await among(when, bound), async (id) => {
        const image = await authority.delete(entity, id, stamp, { when })
        kept(image)
        return image && id
      })
    },
  }
  return writes
}
