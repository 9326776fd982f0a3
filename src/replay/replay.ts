import { setTimeout as sleep } from 'node:timers/promises'
import type { GraphQLSchema } from 'graphql'
import type { Entity } from '../entity/entity.ts'
import { unlessAborted } from '../util/aborted.ts'
import { CrossfadeError } from '../util/errors.ts'
import { type AnswerDifference, answerDifferences, showsSomething } from './answer-differences.ts'
import { versionsIn } from './heard-differences.ts'
import { knownQueries } from './known-query.ts'
import type { Entry } from './read-recording.ts'
import type { RecordedOperation } from './recorded-operation.ts'
import { contractHash, type LeftOut } from './recording.ts'
import type { Replayed, ReplayProgress, Skipped } from './replayed.ts'
import { selects } from './selects.ts'
import type { Answer, Heard, Side } from './side.ts'
import { Tally } from './tally.ts'

export interface ReplayOptions {
  readonly schema: GraphQLSchema
  readonly entities: readonly Entity[]
  readonly a: Side
  readonly b: Side
  /** Whether a mirror is owed any of what was read, or, of what has no version, anything of its types. */
  readonly owes: (heard: readonly Heard[]) => Promise<boolean>
  /** Operations that select it alone: `Query.movie`; default: all. */
  readonly field?: string | undefined
  /** Paths of answers that may differ: `movies.pageInfo.endCursor`. */
  readonly ignore?: readonly string[]
  /** Operations at a time; default 4. */
  readonly concurrency?: number
  /** Operations a second at most; default 100. */
  readonly rate?: number
  /** Waits before both sides are asked again, in milliseconds. */
  readonly recheckMs?: readonly number[]
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: ReplayProgress) => void
}

const maxProblems = 100
/** So many operations in a row that a side does not answer are the side's trouble, and not theirs. */
const mostUnanswered = 3
const defaultRechecks = [200, 1_000, 3_000]

interface Pair {
  readonly a: Answer
  readonly b: Answer
}

/** Every operation of one replay, asked of both sides until it is decided. */
class Replay {
  readonly #options: ReplayOptions
  readonly #ignored: readonly string[]
  readonly #fitOf: ReturnType<typeof knownQueries>
  readonly #tally: Tally
  readonly #counts = {
    compared: 0,
    equal: 0,
    different: 0,
    ofNothing: 0,
    refusedAlike: 0,
    undecided: 0,
    unanswered: 0,
    unreadable: 0,
  }
  readonly #skipped: Skipped = { mutations: 0, subscriptions: 0, tokens: 0, unfit: 0, others: 0, stale: {} }
  readonly #leftOut: Partial<Record<LeftOut, number>> = {}
  readonly #problems: { place: string; text: string }[] = []
  #otherContract = false
  #done = 0
  #unansweredInARow = 0
  #lastTrouble: string | null = null

  constructor(options: ReplayOptions) {
    this.#options = options
    this.#ignored = options.ignore ?? []
    this.#fitOf = knownQueries(options.schema, options.field ? selects(options.schema, options.field) : undefined)
    this.#tally = new Tally(options.entities)
  }

  get result(): Replayed {
    const { a, b } = this.#options
    return {
      a: a.name,
      b: b.name,
      ...this.#counts,
      skipped: this.#skipped,
      leftOut: this.#leftOut,
      problems: this.#problems,
      otherContract: this.#otherContract,
      groups: this.#tally.groups,
      times: this.#tally.times,
    }
  }

  async run(entries: AsyncIterable<Entry>): Promise<void> {
    const { concurrency = 4, rate = 100, signal } = this.#options
    const underWay = new Set<Promise<void>>()
    const began = performance.now()
    let asked = 0
    for await (const entry of entries) {
      signal?.throwIfAborted()
      const operation = this.#take(entry)
      if (!operation) continue
      const aheadMs = (asked++ / rate) * 1_000 - (performance.now() - began)
      if (aheadMs > 0) await sleep(aheadMs, undefined, { signal })
      if (underWay.size >= concurrency) await Promise.race(underWay)
      const work = this.#replay(operation.place, operation.operation).finally(() => underWay.delete(work))
      work.catch(() => undefined) // it is told where it is waited for
      underWay.add(work)
    }
    await Promise.all(underWay)
    if (this.#done === 0 && this.#lastTrouble !== null) throw new CrossfadeError('UNAVAILABLE', this.#lastTrouble)
  }

  /** What is to be asked of an entry; null where that is nothing. */
  #take(entry: Entry): Extract<Entry, { is: 'operation' }> | null {
    switch (entry.is) {
      case 'header':
        this.#otherContract ||= entry.header.contract !== contractHash(this.#options.schema)
        return null
      case 'left out':
        for (const [why, count] of Object.entries(entry.counts) as [LeftOut, number][])
          this.#leftOut[why] = (this.#leftOut[why] ?? 0) + count
        return null
      case 'problem':
        if (!entry.isCutOff) this.#counts.unreadable++
        this.#tellProblem(entry.place, entry.text)
        return null
      case 'operation': {
        const fit = this.#fitOf(entry.operation)
        // In the place of a number a token fits no contract
        const why = entry.hasToken && (fit === 'query' || fit === 'unfit') ? 'tokens' : fit
        if (why === 'query') return entry
        this.#skipped[why]++
        return null
      }
    }
  }

  async #replay(place: string, operation: RecordedOperation): Promise<void> {
    const first = await this.#ask(operation, this.#done % 2 === 0)
    if (this.#isUnanswered(place, first)) return
    const stale = new Set([...first.a.stale, ...first.b.stale])
    if (stale.size > 0) for (const type of stale) this.#skipped.stale[type] = (this.#skipped.stale[type] ?? 0) + 1
    else {
      this.#tally.timed(operation, first.a, first.b)
      const found = this.#differences(first)
      if (found.length === 0) this.#equal(first)
      else await this.#settle(place, operation, first)
    }
    this.#done++
    this.#options.onProgress?.({ done: this.#done, different: this.#counts.different })
  }

  #equal({ a: { data, errors } }: Pair): void {
    if (data === null && errors.length > 0) {
      this.#counts.refusedAlike++
      return
    }
    this.#counts.compared++
    this.#counts.equal++
    if (!showsSomething(data, (path) => !this.#isIgnored(path))) this.#counts.ofNothing++
  }

  /**
   * Asks again until both sides answer as they did before, made of the same versions, and nothing of that was owed in
   * between. Then no write was on its way: a record at one version in the authority that was not owed after the first
   * answers had been mirrored by then, and the second ones were asked behind that look.
   */
  async #settle(place: string, operation: RecordedOperation, first: Pair): Promise<void> {
    const { owes, recheckMs = defaultRechecks, signal } = this.#options
    let before = first
    for (const ms of recheckMs) {
      await sleep(ms, undefined, { signal })
      const heard = [...before.a.heard, ...before.b.heard]
      const wasOwed = await owes(heard)
      const after = await this.#ask(operation, true)
      if (this.#isUnanswered(place, after)) return
      const found = this.#differences(after)
      if (found.length === 0) return this.#equal(after)
      if (!wasOwed && this.#isSame(before.a, after.a) && this.#isSame(before.b, after.b) && !(await owes(heard))) {
        this.#counts.compared++
        this.#counts.different++
        this.#tally.differs(place, operation, after.a, after.b, found)
        return
      }
      before = after
    }
    this.#counts.undecided++
  }

  #isSame(before: Answer, after: Answer): boolean {
    const found = this.#differences({ a: before, b: after })
    return found.length === 0 && versionsIn(before.heard) === versionsIn(after.heard)
  }

  #differences({ a, b }: Pair): AnswerDifference[] {
    return answerDifferences(a, b).filter(({ path }) => !this.#isIgnored(path))
  }

  #isIgnored(path: string): boolean {
    return this.#ignored.some((each) => path === each || path.startsWith(`${each}.`))
  }

  /** One after the other, so that neither is slower for the other's work, and each is the first half of the times. */
  async #ask(operation: RecordedOperation, aFirst: boolean): Promise<Pair> {
    const [one, other] = aFirst ? [this.#options.a, this.#options.b] : [this.#options.b, this.#options.a]
    const answers = [await this.#answerOf(one, operation), await this.#answerOf(other, operation)] as const
    const [a, b] = aFirst ? answers : [answers[1], answers[0]]
    return { a, b }
  }

  #tellProblem(place: string, text: string): void {
    if (this.#problems.length < maxProblems) this.#problems.push({ place, text })
  }

  /** Tells of an operation that a side has not answered. @throws UNAVAILABLE where that is so of one after the other. */
  #isUnanswered(place: string, { a, b }: Pair): boolean {
    const trouble = a.trouble ?? b.trouble
    this.#unansweredInARow = trouble === null ? 0 : this.#unansweredInARow + 1
    if (trouble === null) return false
    this.#counts.unanswered++
    this.#lastTrouble = trouble
    this.#tellProblem(place, trouble)
    if (this.#unansweredInARow < mostUnanswered) return true
    const text = `${mostUnanswered} operations in a row were not answered, behind ${this.#done} others`
    throw new CrossfadeError('UNAVAILABLE', `${trouble} ${text}.`)
  }

  /** Asked twice where the side is in trouble. */
  async #answerOf(side: Side, operation: RecordedOperation): Promise<Answer> {
    const { signal } = this.#options
    const first = await side.ask(operation)
    if (first.trouble === null) return first
    await sleep(1_000, undefined, { signal })
    return side.ask(operation)
  }
}

/**
 * Asks the queries of a recording of both sides, as a whole, and holds their answers against each other as a client
 * would. Nothing is written; what changes meanwhile is asked again until it is decided.
 *
 * @throws UNAVAILABLE where a side answers none of several in a row, or nothing at all; BAD_USER_INPUT for a `field` that
 *   the contract does not have.
 */
export async function replay(entries: AsyncIterable<Entry>, options: ReplayOptions): Promise<Replayed> {
  const replaying = new Replay(options)
  // A side that hangs is not waited for by who has stopped it
  await unlessAborted(options.signal, replaying.run(entries))
  return replaying.result
}
