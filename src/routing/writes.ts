import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { flagKeyOf } from '../entity/flag-key.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import type { Steps } from '../stores/store.ts'
import { CrossfadeError } from '../util/errors.ts'
import { inSpan, isTraced } from '../util/trace.ts'
import type { Writes } from './declared-writes.ts'
import { Joint } from './joint.ts'
import type { Permit, Wait } from './permits.ts'
import type { Routing } from './routing.ts'
import { checkPermits, type Joints, Transaction, type Written } from './transaction.ts'

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

interface Open {
  readonly transaction: Transaction
  /** By the keys of their flags. */
  readonly permits: ReadonlyMap<string, Permit>
  readonly joints: Joints
}

const open = new AsyncLocalStorage<Open>()

type Given = [held: ReadonlyMap<string, Permit>, joints: Joints, wait: Wait]

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
 * @param wait for permits; a write that has begun goes on.
 */
export function write<T>(
  routing: Routing,
  writes: Writes,
  work: (transaction: Transaction) => Promise<T>,
  onWrite: () => void = () => undefined,
  wait: Wait = {},
): Promise<T> {
  const outer = open.getStore()
  const run = { routing, writes, work, onWrite }
  if (!outer || outer.transaction.hasEnded) return permitted(run, new Map(), new Map(), wait)
  return outer.transaction.during(() => permitted(run, outer.permits, outer.joints, wait))
}

/** Also what waits for permits, and for the mirror. */
function permitted<T>(run: Run<T>, ...given: Given): Promise<T> {
  if (!isTraced()) return carried(run, ...given)
  const types = run.writes.entities.map(({ name }) => name)
  return inSpan(`write ${types.join(', ')}`, { attributes: { 'crossfade.types': types } }, () => carried(run, ...given))
}

async function carried<T>(run: Run<T>, held: ReadonlyMap<string, Permit>, joints: Joints, wait: Wait): Promise<T> {
  const { routing, writes } = run
  const own = new Map<string, Permit>()
  const written: Written[] = []
  let puts: Promise<unknown> = Promise.resolve()
  try {
    const byKey = Map.groupBy(writes.entities, flagKeyOf)
    const keys = [...byKey.keys()].filter((key) => !held.has(key))
    for (const key of keys.sort()) own.set(key, await routing.permits.take(byKey.get(key)![0]!.name, wait))
    const permits = new Map([...held, ...own])
    const [joint] = writes.together ? [...byKey.keys()].filter((key) => !joints.has(key)) : []
    try {
      if (joint === undefined) return await carryOut(run, permits, joints, written)
      return await repeated(run, () => inTransaction(run, permits, joints, joint, written))
    } finally {
      const { inBudget, ended } = mirrored(routing, written)
      puts = ended
      await (isTraced() ? inSpan('wait for the mirror', {}, () => inBudget) : inBudget)
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
    const result = await authority.together(work, () => own.get(key)?.check(), key)
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
