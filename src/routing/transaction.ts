import type { Flag } from '../control/flag.ts'
import type { Entity } from '../entity/entity.ts'
import { typeOf } from '../entity/type-of.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import type { Image, Steps } from '../stores/store.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Origin } from '../util/origin.ts'
import { inSpan, isTraced } from '../util/trace.ts'
import type { ByHand } from './by-hand.ts'
import type { Joint } from './joint.ts'
import { toldCode } from './meter.ts'
import type { Permit } from './permits.ts'
import type { Routing } from './routing.ts'
import { type Place, typeWrites } from './steps.ts'
import type { TypeWrites } from './type-writes.ts'

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

  #traced<T>(type: string, store: Origin, step: () => Promise<T>): Promise<T> {
    if (!isTraced()) return step()
    return inSpan(`change ${type}`, { attributes: { 'crossfade.type': type, 'crossfade.store': store } }, step)
  }

  /** A step that may change something, also where it fails. */
  async #change<T>({ name }: Entity, step: () => Promise<T>, own: Permit): Promise<T> {
    const { meter } = this.#routing
    const { authority } = STAGE_PLAN[own.flag.stage]
    const began = performance.now()
    try {
      const result = await this.#traced(name, authority, () => this.during(step, own))
      meter?.write(name, authority, performance.now() - began)
      return result
    } catch (error) {
      meter?.writeFailed(name, authority, toldCode(error))
      throw error
    } finally {
      this.#onWrite()
    }
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
    const permit = this.#permitOf(entity)
    const steps = typeWrites(entity, this.#place(entity, permit))
    const change = <T>(step: () => Promise<T>): Promise<T> => this.#change(entity, step, permit)
    return {
      get: (id) => this.during(() => steps.get(id), permit),
      create: (input, id) => change(() => steps.create(input, id)),
      patch: (id, patch) => change(() => steps.patch(id, patch)),
      patchWhen: (id, when, patch) => change(() => steps.patchWhen(id, when, patch)),
      update: (id, decide) => change(() => steps.update(id, decide)),
      upsert: (...given: readonly unknown[]) =>
        change(() => steps.upsert(...(given as Parameters<typeof steps.upsert>))),
      delete: (id) => change(() => steps.delete(id)),
      deleteWhen: (id, when) => change(() => steps.deleteWhen(id, when)),
      createMany: (inputs) => change(() => steps.createMany(inputs)),
      patchMany: (when, patch, bound) => change(() => steps.patchMany(when, patch, bound)),
      deleteMany: (when, bound) => change(() => steps.deleteMany(when, bound)),
    }
  }

  /**
   * Writes of one of the declared types that patches cannot say, written by hand for each store: the side of the store with
   * authority is run, in one transaction. What it makes, changes and deletes gets its version and is owed to the mirror as
   * what `of` writes. It may be called again where another write came in between. `docs/contracts.md` has an example.
   *
   * @returns what the side returned.
   * @throws what the side throws; CONFLICT, TRY_AGAIN, UNAVAILABLE and UNKNOWN_OUTCOME as other steps; UNAVAILABLE past 10
   * seconds.
   */
  byHand<T>(entity: Entity, sides: ByHand<T>): Promise<T> {
    const permit = this.#permitOf(entity)
    const { store, joint, stamp, keep } = this.#place(entity, permit)
    const run = (steps: Steps) => steps.byHand(entity, sides, stamp)
    const step = async (): Promise<T> => {
      const alone = () => store.authority.together(run, stamp.check, permit.flag.type)
      const { result, images } = await (joint ? run(joint) : alone())
      if (!joint) this.#acknowledged++ // it tells what the mirror is owed, and not whether anything was written
      images.forEach(keep)
      return result
    }
    return this.#change(entity, step, permit)
  }

  #permitOf({ name }: Entity): Permit {
    const permit = this.#permits.get(name)
    if (permit) return permit
    throw new CrossfadeError('MISCONFIGURED', `This mutation did not declare that it writes ${name}.`)
  }

  #place(entity: Entity, permit: Permit): Place {
    const { flag } = permit
    const plan = STAGE_PLAN[flag.stage]
    const { stores, mirror } = this.#routing
    const joint = this.#joints.get(flag.type)
    const written = joint?.written ?? this.#written
    return {
      store: stores[plan.authority],
      joint: joint?.steps ?? null,
      mirror: plan.mirror && stores[plan.mirror].replica,
      isTaken: async (id) => plan.mirror !== null && mirror.isTaken(entity, id, plan.mirror),
      stamp: { epoch: flag.epoch, owed: plan.mirror !== null, check: () => checkPermits([permit]) },
      keep: (image) => {
        if (!joint) this.#acknowledged++
        // What a write has left as it was is put where it is owed from before: it may be seen in the reply
        if (plan.mirror !== null && image.pending) written.push({ entity, image, flag })
      },
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
