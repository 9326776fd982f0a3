import type { Flag } from '../control/flag.ts'
import type { Entity, Id } from '../entity/entity.ts'
import { newRecord } from '../entity/new-record.ts'
import { parseId } from '../entity/parse-id.ts'
import { asRecord, type NewRecordOf, type RecordOf } from '../entity/record.ts'
import { typeOf } from '../entity/type-of.ts'
import { isNothing, planPatch } from '../query/patch.ts'
import type { PatchOf } from '../query/patch-of.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { refusedRecord } from '../stores/failure.ts'
import type { Image, Stamp } from '../stores/store.ts'
import { CrossfadeError } from '../util/errors.ts'
import { askOnly } from './fail-over.ts'
import type { Joint } from './joint.ts'
import type { Permit } from './permits.ts'
import type { Routing } from './routing.ts'

/** Writes of one type inside one mutation. Each is acknowledged by the authority when it resolves. */
export interface TypeWrites<E extends Entity> {
  /**
   * Makes the id once, for both stores, unless one is given.
   * @throws BAD_USER_INPUT where none is given and the mapping makes none, or where it cannot be one of this type.
   */
  create(input: NewRecordOf<E>, id?: Id): Promise<RecordOf<E>>
  /** One atomic step. Null where there is no such record. */
  patch(id: Id, patch: PatchOf<E>): Promise<RecordOf<E> | null>
  /** The record as the authority has it now. */
  get(id: Id): Promise<RecordOf<E> | null>
  /** False where there was no such record. */
  delete(id: Id): Promise<boolean>
}

/** What the mirror is to get. */
export interface Written {
  readonly entity: Entity
  readonly image: Image
  readonly flag: Flag
}

/** Transactions of a store that are open, by the keys of their flags. */
export type Joints = ReadonlyMap<string, Joint<Written>>

/** What a mutation works with: only the types that it declared, and only until its work has ended. */
export class Transaction {
  readonly #routing: Routing
  readonly #permits: ReadonlyMap<string, Permit>
  readonly #onWrite: () => void
  readonly #joints: Joints
  readonly #written: Written[]
  readonly #underWay = new Set<Promise<unknown>>()
  #acknowledged = 0
  #ended = false

  /**
   * @param permits by type.
   * @param onWrite called behind each step that may have changed something.
   * @param joints transactions of a store that are open: the types of their flags are written in them.
   * @param written gets what stands by itself, for the mirror.
   */
  constructor(
    routing: Routing,
    permits: ReadonlyMap<string, Permit>,
    onWrite: () => void,
    joints: Joints,
    written: Written[],
  ) {
    this.#routing = routing
    this.#permits = permits
    this.#onWrite = onWrite
    this.#joints = joints
    this.#written = written
  }

  get hasEnded(): boolean {
    return this.#ended
  }

  /**
   * Keeps the permits until the step has ended, also where nobody waits for it. Nothing begins where one of them is lost;
   * behind a step that was acknowledged the others go on where they may: better the whole than a part.
   *
   * @param own of the step's type; default: all.
   * @throws MISCONFIGURED past the end.
   */
  async during<T>(step: () => Promise<T>, own?: Permit): Promise<T> {
    if (this.#ended) {
      const remedy = 'Wait for each step inside of the function that write() is given.'
      throw new CrossfadeError('MISCONFIGURED', `The write has ended. ${remedy}`)
    }
    checkPermits(own && this.#acknowledged > 0 ? [own] : this.#permits.values())
    const work = step()
    this.#underWay.add(work)
    try {
      return await work
    } finally {
      this.#underWay.delete(work)
    }
  }

  /** A step that may change something, also where it fails. */
  #change<T>(step: () => Promise<T>, own: Permit): Promise<T> {
    return this.during(step, own).finally(this.#onWrite)
  }

  /** Takes no more steps, and waits for those that have begun: one of several may have failed before the others end. */
  async end(): Promise<void> {
    this.#ended = true
    await Promise.allSettled(this.#underWay)
  }

  /** Writes of one of the declared types: a name does for those that do not know the mapping, as a script that is given it. */
  of<E extends Entity>(entity: E): TypeWrites<E>
  of(name: string): TypeWrites<Entity>
  of<E extends Entity>(type: E | string): TypeWrites<E> {
    const entity = typeof type === 'string' ? (typeOf(this.#routing.entities, type) as E) : type
    const permit = this.#permits.get(entity.name)
    if (!permit)
      throw new CrossfadeError('MISCONFIGURED', `This mutation did not declare that it writes ${entity.name}.`)
    const { flag } = permit
    const plan = STAGE_PLAN[flag.stage]
    const { stores } = this.#routing
    const store = stores[plan.authority]
    const joint = this.#joints.get(flag.type)
    const authority = joint?.steps ?? store.authority
    const written = joint?.written ?? this.#written
    const check = (): void => checkPermits([permit])
    const stamp: Stamp = { epoch: flag.epoch, owed: plan.mirror !== null, check }
    const keep = (image: Image | null): RecordOf<E> | null => {
      if (image && !joint) this.#acknowledged++
      if (image && plan.mirror !== null) written.push({ entity, image, flag })
      return asRecord<E, RecordOf<E>>(entity, image?.record ?? null)
    }
    const get = async (given: Id): Promise<RecordOf<E> | null> => {
      const id = parseId(entity, given)
      const images = joint
        ? await joint.steps.images(entity, [id])
        : await askOnly(store, ({ outbox }) => outbox.images(entity, [id]))
      const present = images[0]
      return asRecord<E, RecordOf<E>>(entity, present?.record ?? null)
    }
    const steps: TypeWrites<E> = {
      get,
      async create(input, id) {
        const given = id ?? entity.newId?.()
        if (given === undefined)
          throw new CrossfadeError(
            'BAD_USER_INPUT',
            `A new ${entity.name} needs an id: give it to create(), or let the mapping make one with newId.`,
          )
        const record = newRecord(entity, parseId(entity, given), input)
        const reason = plan.mirror && stores[plan.mirror].replica.unfit(entity, record)
        if (reason) throw refusedRecord(reason)
        return keep(await authority.create(entity, record, stamp, id === undefined))!
      },
      async patch(id, input) {
        const patch = planPatch(entity, input)
        if (isNothing(patch)) return get(id) // no write, but it still tells whether the record is there
        return keep(await authority.patch(entity, parseId(entity, id), patch, stamp))
      },
      async delete(id) {
        const image = await authority.delete(entity, parseId(entity, id), stamp)
        keep(image)
        return image !== null
      },
    }
    return {
      get: (id) => this.during(() => steps.get(id), permit),
      create: (input, id) => this.#change(() => steps.create(input, id), permit),
      patch: (id, patch) => this.#change(() => steps.patch(id, patch), permit),
      delete: (id) => this.#change(() => steps.delete(id), permit),
    }
  }

  /** What a failure means for the mutation: a store that fails behind an acknowledged write leaves a part of it. */
  failure(error: unknown): unknown {
    const { code, cause } = error instanceof CrossfadeError ? error : { code: null, cause: null }
    if (this.#acknowledged === 0 || (code !== 'UNAVAILABLE' && code !== 'TRY_AGAIN')) return error
    const text = 'A part of it was written before the data store failed; look before repeating it.'
    return new CrossfadeError('UNKNOWN_OUTCOME', text, { cause: cause ?? error })
  }
}

/** @throws TRY_AGAIN where a mover may take this gateway for gone by now. */
export function checkPermits(permits: Iterable<Permit>): void {
  if ([...permits].every((permit) => permit.mayGoOn())) return
  throw new CrossfadeError('TRY_AGAIN', 'The data store cannot be written at the moment; try again.')
}
