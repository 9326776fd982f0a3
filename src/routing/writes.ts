import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Flag } from '../control/flag.ts'
import type { Entity, Id } from '../entity/entity.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { newRecord } from '../entity/new-record.ts'
import { parseId } from '../entity/parse-id.ts'
import { asRecord, type NewRecordOf, type RecordOf } from '../entity/record.ts'
import { typeOf } from '../entity/type-of.ts'
import { isNothing, planPatch } from '../query/patch.ts'
import type { PatchOf } from '../query/patch-of.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import { refusedRecord } from '../stores/failure.ts'
import type { Image, Stamp, Steps } from '../stores/store.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Writes } from './declared-writes.ts'
import { askOnly } from './fail-over.ts'
import { Joint } from './joint.ts'
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

/** Transactions of a store that are open, by the keys of their flags. */
type Joints = ReadonlyMap<string, Joint<Written>>

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

  /** Keeps the permits until the step has ended, also where nobody waits for it. @throws MISCONFIGURED past the end. */
  async during<T>(step: () => Promise<T>): Promise<T> {
    if (this.#ended) {
      const remedy = 'Wait for each step inside of the function that write() is given.'
      throw new CrossfadeError('MISCONFIGURED', `The write has ended. ${remedy}`)
    }
    checkPermits(this.#permits.values())
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
    const joint = this.#joints.get(flag.type)
    const authority = joint?.steps ?? store.authority
    const written = joint?.written ?? this.#written
    const stamp: Stamp = { epoch: flag.epoch, owed: plan.mirror !== null }
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
}

/**
 * Mirrors what was written: the newest image of each record. Never rejects.
 *
 * @returns what the reply waits for, within its budget, and what ends when no put is under way any more.
 */
function mirrored({ mirror, killSwitch }: Routing, written: readonly Written[]) {
  const newest = new Map(written.map((each) => [`${each.entity.name}/${each.image.id}`, each]))
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

/** @throws TRY_AGAIN where a mover may take this gateway for gone by now. */
function checkPermits(permits: Iterable<Permit>): void {
  if ([...permits].every((permit) => permit.mayGoOn())) return
  throw new CrossfadeError('TRY_AGAIN', 'The data store cannot be written at the moment; try again.')
}

interface Open {
  readonly transaction: Transaction
  /** By the keys of their flags. */
  readonly permits: ReadonlyMap<string, Permit>
  readonly joints: Joints
}

const open = new AsyncLocalStorage<Open>()

interface Run<T> {
  readonly routing: Routing
  readonly writes: Writes
  readonly work: (transaction: Transaction) => Promise<T>
  readonly onWrite: () => void
}

/**
 * Runs a mutation: permits for all declared types, in the order of their flags' keys, before its first write; then the
 * mirror, within its budget, also where the mutation failed half-way. One inside of another shares its permits, since it
 * would wait for a move that waits for the outer one; and its transaction, whose records it would wait for.
 *
 * @param onWrite called behind each step that may have changed something, and at the end of a transaction.
 * @param signal ends the wait for permits; a write that has begun goes on.
 */
export function write<T>(
  routing: Routing,
  writes: Writes,
  work: (transaction: Transaction) => Promise<T>,
  onWrite: () => void = () => undefined,
  signal?: AbortSignal,
): Promise<T> {
  const outer = open.getStore()
  const run = { routing, writes, work, onWrite }
  if (!outer || outer.transaction.hasEnded) return permitted(run, new Map(), new Map(), signal)
  return outer.transaction.during(() => permitted(run, outer.permits, outer.joints, signal))
}

async function permitted<T>(
  run: Run<T>,
  held: ReadonlyMap<string, Permit>,
  joints: Joints,
  signal: AbortSignal | undefined,
): Promise<T> {
  const { routing, writes } = run
  const own = new Map<string, Permit>()
  const written: Written[] = []
  let puts: Promise<unknown> = Promise.resolve()
  try {
    const byKey = Map.groupBy(writes.entities, flagKeyOf)
    const keys = [...byKey.keys()].filter((key) => !held.has(key))
    for (const key of keys.sort()) own.set(key, await routing.permits.take(byKey.get(key)![0]!.name, signal))
    const permits = new Map([...held, ...own])
    const [joint] = writes.together ? [...byKey.keys()].filter((key) => !joints.has(key)) : []
    try {
      if (joint === undefined) return await carryOut(run, permits, joints, written)
      return await repeated(run, () => inTransaction(run, permits, joints, joint, written))
    } finally {
      const { inBudget, ended } = mirrored(routing, written)
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

async function carryOut<T>(
  { routing, writes, work, onWrite }: Run<T>,
  permits: ReadonlyMap<string, Permit>,
  joints: Joints,
  written: Written[],
): Promise<T> {
  const declared = new Map(writes.entities.map((entity) => [entity.name, permits.get(flagKeyOf(entity))!]))
  const transaction = new Transaction(routing, declared, onWrite, joints, written)
  try {
    try {
      return await open.run({ transaction, permits, joints }, () => work(transaction))
    } finally {
      await transaction.end()
    }
  } catch (error) {
    // Whoever catches it outside has a part of what this one was to do
    for (const entity of writes.entities) joints.get(flagKeyOf(entity))?.fail(error)
    throw transaction.failure(error)
  }
}

/** Carries it out as one transaction of the store with authority. Where that has none, each step stands by itself. */
async function inTransaction<T>(
  run: Run<T>,
  permits: ReadonlyMap<string, Permit>,
  joints: Joints,
  key: string,
  written: Written[],
): Promise<T> {
  const permit = permits.get(key)!
  const { authority } = run.routing.stores[STAGE_PLAN[permit.flag.stage].authority]
  const own = new Map<string, Joint<Written>>()
  const work = (steps: Steps): Promise<T> => {
    if (steps.isAtomic) own.set(key, new Joint(steps, () => checkPermits([permit])))
    return carryOut(run, permits, new Map([...joints, ...own]), written)
  }
  try {
    const result = await authority.together(work, () => own.get(key)?.check())
    written.push(...(own.get(key)?.written ?? []))
    return result
  } finally {
    run.onWrite() // what was loaded meanwhile may be of before
  }
}

/** How often work that may be repeated is begun, and how long it waits in between at most, in milliseconds. */
const [maxTries, pauseMs] = [5, 100]

async function repeated<T>({ writes }: Run<T>, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      const mayRepeat = writes.repeatable && error instanceof CrossfadeError && error.code === 'TRY_AGAIN'
      if (!mayRepeat || tries === maxTries) throw error
    }
    await sleep(Math.random() * pauseMs)
  }
}
