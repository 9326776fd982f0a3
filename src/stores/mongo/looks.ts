import { createHash, randomUUID } from 'node:crypto'
import { type Document, MongoClientClosedError } from 'mongodb'
import pLimit from 'p-limit'
import { z } from 'zod'
import type { Entity, Leaf } from '../../entity/entity.ts'
import { messageOf } from '../../util/errors.ts'
import { parseAs } from '../ledger.ts'
import type { MongoConnection } from './connection.ts'
import { mongoLedger } from './ledger.ts'
import { type Asked, kindOf, type Survey, surveyedPaths, surveySubject } from './survey.ts'

/** What a look can find, in a collection that it looks at. */
export interface Sought {
  /** Names the answers in the ledger. */
  readonly name: Asked
  /** What the answer lets be done, and what is done without it: for the log. */
  readonly without: string
  /** Matches the documents that hold such a value of a leaf at a path; null where there can be none. */
  readonly filter: (leaf: Leaf, path: string) => Document | null
  /** Looks at the ends of an index, which costs little: whether there is such a value; null where they don't tell. */
  readonly ends: (entity: Entity, leaf: Leaf, path: string) => Promise<boolean | null>
}

/** For how long an answer holds at least and at most, in milliseconds. */
const shortest = 2_000
const longest = 3_600_000

/** An answer holds this many times as long as it took to find, so that asking costs about two per cent. */
const restFactor = 50

/** What one look may take: nobody waits for it, and what it found is kept. */
const wholeMs = 600_000

/** After a look that failed the next waits, twice as long each time. */
const firstWait = 2_000
const longestWait = 600_000

const restOf = (tookMs: number): number => Math.min(longest, Math.max(shortest, tookMs * restFactor))

/**
 * An answer as the ledger keeps it, for all gateways: found by a look of one of them, or by a job that has read all
 * documents anyway, between `since` and `at`, in milliseconds since 1970.
 */
const kept = z.object({
  free: z.boolean(),
  subject: z.string(),
  at: z.number(),
  tookMs: z.number(),
  since: z.number().optional(),
})
const kind = 'look'
const keyOf = (name: string, entity: Entity, path: string): string => `${name}/${entity.name}/${path}`

/** Names a collection that may be dropped and made anew; undefined where there is none. */
async function collectionId({ db }: MongoConnection, entity: Entity): Promise<string | undefined> {
  const [collection] = await db.listCollections({ name: entity.mongo }).toArray()
  const uuid = collection && 'info' in collection ? collection.info?.uuid : undefined
  return uuid === undefined ? undefined : JSON.stringify(uuid)
}

/** What an answer is about: a field as it is mapped, in a collection. */
const subjectOf = (collection: string | undefined, leaf: Leaf, path: string): string =>
  createHash('sha256')
    .update(JSON.stringify([collection, kindOf(leaf), path]))
    .digest('base64url')
    .slice(0, 16)

interface State {
  free: boolean
  /** What that is about, see `subjectOf`. */
  subject: string | null
  /** When the next look is due, by the monotonic clock. */
  due: number
  /** When the whole collection is due to be looked at, likewise; null while nothing is known of it. */
  wholeDue: number | null
  failures: number
  asking: Promise<void> | null
}

export type Tell = (level: 'info' | 'warn', text: string) => void

/**
 * Knows of which fields no stored value is of a sort that a faster way of asking would get wrong. Looked for in the
 * background: until it is known, the answer is no. What was found is kept in the ledger, so that neither a restart nor
 * another gateway looks again, and nobody where a job has read all documents; it stays true by what gateways write,
 * which is never of such a sort. What other programs write is looked for again: at the ends of an index often, in the
 * whole collection rarely. Until then such a value may be missed, or stand where its raw form sorts.
 */
export class Looks {
  readonly #connection: MongoConnection
  readonly #sought: Sought
  readonly #states = new WeakMap<Leaf, Map<string, State>>()
  /** One look at a time: a collection is read whole. */
  readonly #oneByOne = pLimit(1)
  readonly #owner = randomUUID()
  tell: Tell = () => undefined

  constructor(connection: MongoConnection, sought: Sought) {
    this.#connection = connection
    this.#sought = sought
  }

  /** @param path where the leaf is stored, from the document's root; default: as the leaf says. */
  isFree(entity: Entity, leaf: Leaf, path: string = leaf.mongo): boolean {
    const filter = this.#sought.filter(leaf, path)
    if (filter === null) return true
    const state = this.#stateOf(leaf, path)
    if (state.due <= performance.now()) void this.#ask(state, entity, leaf, path, filter)
    return state.free
  }

  /** Looks, where that is due, and waits for what it finds. Never rejects: where the store does not answer, nothing is known. */
  async look(entity: Entity, leaf: Leaf, path: string = leaf.mongo): Promise<void> {
    const filter = this.#sought.filter(leaf, path)
    const state = this.#stateOf(leaf, path)
    if (filter === null || (state.due > performance.now() && state.asking === null)) return
    await this.#ask(state, entity, leaf, path, filter)
  }

  /** Waits for the looks that are under way, whatever they find. False where none was. */
  async settled(): Promise<boolean> {
    if (this.#oneByOne.activeCount + this.#oneByOne.pendingCount === 0) return false
    await this.#oneByOne(() => undefined) // behind those that wait already
    return true
  }

  #stateOf(leaf: Leaf, path: string): State {
    let states = this.#states.get(leaf)
    if (!states) this.#states.set(leaf, (states = new Map()))
    let state = states.get(path)
    if (!state)
      states.set(path, (state = { free: false, subject: null, due: 0, wholeDue: null, failures: 0, asking: null }))
    return state
  }

  #ask(state: State, entity: Entity, leaf: Leaf, path: string, filter: Document): Promise<void> {
    state.asking ??= this.#oneByOne(() => this.#round(state, entity, leaf, path, filter))
      .then(
        () => {
          state.failures = 0
        },
        (error: unknown) => this.#failed(state, entity, leaf, path, error),
      )
      .finally(() => {
        state.asking = null
      })
    return state.asking
  }

  async #round(state: State, entity: Entity, leaf: Leaf, path: string, filter: Document): Promise<void> {
    const subject = subjectOf(await collectionId(this.#connection, entity), leaf, path)
    if (state.subject !== subject) Object.assign(state, { free: false, subject, wholeDue: null })
    if (await this.#adopt(state, entity, path)) {
      state.due = performance.now() + shortest
      return
    }
    const began = performance.now()
    const ends = await this.#sought.ends(entity, leaf, path)
    const tookMs = performance.now() - began
    state.due = performance.now() + restOf(tookMs)
    if (ends === null) {
      const isDue = state.wholeDue === null || state.wholeDue <= performance.now()
      if (isDue) await this.#whole(state, entity, path, filter)
    } else if (state.wholeDue === null || state.free === ends) {
      // What is known already is not written again each time
      await this.#keep(state, entity, path, !ends, tookMs)
    }
  }

  /** Takes what is known to the ledger: another gateway may have looked since, or a job. False where that holds no more. */
  async #adopt(state: State, entity: Entity, path: string): Promise<boolean> {
    if (state.wholeDue !== null && state.wholeDue > performance.now()) return false
    const entry = await mongoLedger(this.#connection).get(kind, this.#key(entity, path))
    const found = entry && parseAs(kept, entry.value)
    if (found?.subject !== state.subject) return false
    const left = found.at + restOf(found.tookMs) - Date.now()
    state.free = found.free
    state.wholeDue = performance.now() + Math.max(0, left)
    return left > 0
  }

  async #whole(state: State, entity: Entity, path: string, filter: Document): Promise<void> {
    const ledger = mongoLedger(this.#connection)
    const claim = `${kind}/${this.#key(entity, path)}`
    // Another gateway looks, and its answer will be in the ledger
    if (!(await ledger.claim(claim, this.#owner, wholeMs))) return
    try {
      const began = performance.now()
      const options = { projection: { _id: 1 }, maxTimeMS: wholeMs } as const
      const found = await this.#connection.patient().collection(entity).findOne(filter, options)
      await this.#keep(state, entity, path, found === null, performance.now() - began)
    } finally {
      await ledger.release(claim, this.#owner).catch(() => undefined)
    }
  }

  async #keep(state: State, entity: Entity, path: string, free: boolean, tookMs: number): Promise<void> {
    state.free = free
    const rest = performance.now() + restOf(tookMs)
    state.wholeDue = rest
    state.due = Math.max(state.due, free ? state.due : rest)
    const ledger = mongoLedger(this.#connection)
    const key = this.#key(entity, path)
    const entry = await ledger.get(kind, key)
    const value = { free, subject: state.subject!, at: Date.now(), tookMs: Math.round(tookMs) }
    await ledger.compareAndSet(kind, key, entry?.revision ?? null, value)
  }

  #key = (entity: Entity, path: string): string => keyOf(this.#sought.name, entity, path)

  #failed(state: State, entity: Entity, leaf: Leaf, path: string, error: unknown): void {
    const wait = Math.min(longestWait, firstWait * 2 ** state.failures)
    state.due = performance.now() + wait
    if (state.failures++ > 0 || error instanceof MongoClientClosedError) return
    const how = state.free ? 'What was known is kept.' : `Until it succeeds ${this.#sought.without}.`
    this.tell(
      'warn',
      `${entity.name}.${leaf.path}: MongoDB could not be asked whether values of other kinds are stored (${messageOf(error)}). ` +
        `${how} It is asked again in ${wait / 1000} s, then ever more rarely. ` +
        `An index may help: db.getCollection(${JSON.stringify(entity.mongo)}).createIndex({ ${JSON.stringify(path)}: 1, _id: 1 })`,
    )
  }
}

/** A survey of which nothing is read yet. */
export async function beginSurvey(connection: MongoConnection, entity: Entity): Promise<Survey> {
  return { since: Date.now(), subject: surveySubject(entity, await collectionId(connection, entity)), odd: [] }
}

/**
 * Writes down what reading all documents has told, where gateways take it from. What a gateway has found since then
 * stays: it met a value that came behind the reading.
 *
 * @returns false where the survey is of another collection or mapping, or is not all there.
 */
export async function keepSurvey(connection: MongoConnection, entity: Entity, survey: Survey): Promise<boolean> {
  const collection = await collectionId(connection, entity)
  if (surveySubject(entity, collection) !== survey.subject) return false
  const ledger = mongoLedger(connection)
  const entries = new Map((await ledger.list(kind)).map((entry) => [entry.key, entry]))
  const odd = new Set(survey.odd)
  const { since } = survey
  const at = Date.now()
  for (const { leaf, path, asks } of surveyedPaths(entity)) {
    for (const [asked, oddity] of asks) {
      const key = keyOf(asked, entity, path)
      const subject = subjectOf(collection, leaf, path)
      const free = !odd.has(oddity)
      const before = entries.get(key)
      const known = before ? parseAs(kept, before.value) : null
      if (free && known?.free === false && known.subject === subject && known.at >= since) continue
      await ledger.compareAndSet(kind, key, before?.revision ?? null, { free, subject, at, tookMs: at - since, since })
    }
  }
  return true
}
