import { AsyncLocalStorage } from 'node:async_hooks'
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

interface Written {
  readonly entity: Entity
  readonly image: Image
  readonly flag: Flag
}

/** What a mutation works with: only the types that it declared, and only until its work has ended. */
export class Transaction {
  readonly #routing: Routing
  readonly #permits: ReadonlyMap<string, Permit>
  readonly #onWrite: () => void
  readonly #written: Written[] = []
  readonly #underWay = new Set<Promise<unknown>>()
  #acknowledged = 0
  #ended = false

  /** @param onWrite called behind each step that may have changed something. */
  constructor(routing: Routing, permits: ReadonlyMap<string, Permit>, onWrite: () => void) {
    this.#routing = routing
    this.#permits = permits
    this.#onWrite = onWrite
  }

  get hasEnded(): boolean {
    return this.#ended
  }

  /** Keeps the permits until the step has ended, also where nobody waits for it. @throws MISCONFIGURED past the end. */
  async during<T>(step: () => Promise<T>): Promise<T> {
    if (this.#ended) {
      const remedy = 'Wait for each step inside of the function that write() is given.'
      throw new CrossfadeError('MISCONFIGURED', `The write has ended. ${remedy}`)
    }
    // A mover may take this gateway for gone by now
    if (![...this.#permits.values()].every((permit) => permit.mayGoOn()))
      throw new CrossfadeError('TRY_AGAIN', 'The data store cannot be written at the moment; try again.')
    const work = step()
    this.#underWay.add(work)
    try {
      return await work
    } finally {
      this.#underWay.delete(work)
    }
  }

  /** A step that may change something, also where it fails. */
  #change<T>(step: () => Promise<T>): Promise<T> {
    return this.during(step).finally(this.#onWrite)
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
    const { authority } = store
    const stamp: Stamp = { epoch: flag.epoch, owed: plan.mirror !== null }
    const keep = (image: Image | null): RecordOf<E> | null => {
      if (image) this.#acknowledged++
      if (image && plan.mirror !== null) this.#written.push({ entity, image, flag })
      return asRecord<E, RecordOf<E>>(entity, image?.record ?? null)
    }
    const get = async (given: Id): Promise<RecordOf<E> | null> => {
      const id = parseId(entity, given)
      const present = (await askOnly(store, ({ outbox }) => outbox.images(entity, [id])))[0]
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
      get: (id) => this.during(() => steps.get(id)),
      create: (input, id) => this.#change(() => steps.create(input, id)),
      patch: (id, patch) => this.#change(() => steps.patch(id, patch)),
      delete: (id) => this.#change(() => steps.delete(id)),
    }
  }

  /** What a failure means for the mutation: a store that fails behind an acknowledged write leaves a part of it. */
  failure(error: unknown): unknown {
    const { code, cause } = error instanceof CrossfadeError ? error : { code: null, cause: null }
    if (this.#acknowledged === 0 || (code !== 'UNAVAILABLE' && code !== 'TRY_AGAIN')) return error
    const text = 'A part of it was written before the data store failed; look before repeating it.'
    return new CrossfadeError('UNKNOWN_OUTCOME', text, { cause: cause ?? error })
  }

  /**
   * Mirrors what was written: the newest image of each record. Never rejects.
   *
   * @returns what the reply waits for, within its budget, and what ends when no put is under way any more.
   */
  mirror(): { readonly inBudget: Promise<void>; readonly ended: Promise<unknown> } {
    const { mirror, killSwitch } = this.#routing
    const newest = new Map(this.#written.map((written) => [`${written.entity.name}/${written.image.id}`, written]))
    const puts = [...newest.values()].map(({ entity, image, flag }) => ({
      entity,
      put: mirror.put(entity, image, STAGE_PLAN[flag.stage].authority, flag.epoch),
    }))
    const awaited = puts.filter(({ entity }) => !killSwitch.isOn(entity.name))
    return {
      inBudget: mirror.within(Promise.all(awaited.map(({ put }) => put))),
      ended: Promise.all(puts.map(({ put }) => put)),
    }
  }
}

interface Open {
  readonly transaction: Transaction
  readonly permits: ReadonlyMap<string, Permit>
}

const open = new AsyncLocalStorage<Open>()

/**
 * Runs a mutation: permits for all declared types, in the order of their names, before its first write; then the
 * mirror, within its budget, also where the mutation failed half-way. One inside of another shares its permits: it would
 * wait for a move that waits for the outer one.
 *
 * @param onWrite called behind each step that may have changed something.
 * @param signal ends the wait for permits; a write that has begun goes on.
 */
export function write<T>(
  routing: Routing,
  types: readonly Entity[],
  work: (transaction: Transaction) => Promise<T>,
  onWrite: () => void = () => undefined,
  signal?: AbortSignal,
): Promise<T> {
  const outer = open.getStore()
  if (!outer || outer.transaction.hasEnded) return writeWith(new Map(), routing, types, work, onWrite, signal)
  return outer.transaction.during(() => writeWith(outer.permits, routing, types, work, onWrite, signal))
}

async function writeWith<T>(
  held: ReadonlyMap<string, Permit>,
  routing: Routing,
  types: readonly Entity[],
  work: (transaction: Transaction) => Promise<T>,
  onWrite: () => void,
  signal: AbortSignal | undefined,
): Promise<T> {
  const own = new Map<string, Permit>()
  let puts: Promise<unknown> = Promise.resolve()
  try {
    const names = types.map((entity) => entity.name).filter((name) => !held.has(name))
    for (const name of names.sort()) own.set(name, await routing.permits.take(name, signal))
    const permits = new Map([...held, ...own])
    const declared = new Map(types.map(({ name }) => [name, permits.get(name)!]))
    const transaction = new Transaction(routing, declared, onWrite)
    const ended = async (): Promise<T> => {
      try {
        return await open.run({ transaction, permits }, () => work(transaction))
      } finally {
        await transaction.end()
      }
    }
    try {
      return await ended()
    } catch (error) {
      throw transaction.failure(error)
    } finally {
      const { inBudget, ended } = transaction.mirror()
      puts = ended
      await inBudget
    }
  } finally {
    // A mover waits for the puts as well: none of an earlier flag may arrive behind the move
    void puts.finally(() => {
      for (const permit of own.values()) permit.done()
    })
  }
}
