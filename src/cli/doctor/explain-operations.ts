import { execute, type GraphQLError, type GraphQLSchema } from 'graphql'
import type { Entity, Rec } from '../../entity/entity.ts'
import { allFields } from '../../entity/field-set.ts'
import type { IndexProposals } from '../../evidence/index-proposals.ts'
import { told } from '../../gateway/told.ts'
import { everything } from '../../query/where.ts'
import type { AppContext, GatewayContext } from '../../resolve/context.ts'
import type { Look } from '../../routing/look.ts'
import type { Read } from '../../routing/read.ts'
import type { ReadLimits } from '../../routing/read-limits.ts'
import type { Stores } from '../../routing/routing.ts'
import { NotRun, type Plan } from '../../stores/plan.ts'
import { awaitWithin, timedOut } from '../../util/await-within.ts'
import { CrossfadeError } from '../../util/errors.ts'
import { type Origin, origins, otherOrigin } from '../../util/origin.ts'
import type { KnownOperation } from './known-operations.ts'
import { type Asking, askingsOf, type Sample } from './made-variables.ts'
import { type Explained, notesOf, type OperationNote } from './operation-notes.ts'
import { overheard, type Question } from './question.ts'
import { unreached } from './unreached.ts'

/**
 * How many times an operation is asked at most, while what the store finds out beside it decides how it is asked: the
 * first time it begins to look, the second it knows, and what is looked at again later is seldom found otherwise.
 */
const mostRounds = 3

interface App {
  readonly schema: GraphQLSchema
  readonly entities: readonly Entity[]
  readonly stores: Stores
  readonly limits: ReadLimits
  /** What resolvers find of the app's own; default: nothing. */
  readonly appContext?: AppContext
  /** The stores that are asked; default: both. */
  readonly asks?: readonly Origin[]
  /** What is proposed already; default: nothing is. */
  readonly proposals?: IndexProposals | null
}

/** What the operations ask the stores, and what that costs. */
export interface OperationPlans {
  /** Operations of which a statement was explained, and statements. */
  readonly explained: { readonly operations: number; readonly statements: number }
  readonly notes: readonly OperationNote[]
  /** What kept the rest from being looked at, a line each. */
  readonly problems: readonly string[]
}

/** When a store is asked no more. */
interface Deadline {
  readonly signal: AbortSignal
  readonly leftMs: () => number
}

/** A store failed in a way that others of its statements would. */
class StoreTrouble extends Error {}

/** A statement, and what was asked of the reader for it. */
interface Heard {
  readonly field: string
  readonly plan: Plan
  readonly questions: readonly Question[]
}

interface Round {
  readonly plans: readonly Heard[]
  readonly data: unknown
  readonly errors: readonly GraphQLError[]
}

/** Asks one store all that an operation asks, whatever the flags say. @throws StoreTrouble */
async function ask(
  { schema, stores, limits, appContext = {} }: App,
  origin: Origin,
  { document }: KnownOperation,
  { variables, by }: Asking,
  { signal }: Deadline,
): Promise<Round> {
  const store = stores[origin]
  const heard: Promise<Heard>[] = []
  let trouble: unknown
  const look: Look = {
    limits,
    async answer<T>(read: Read<T>): Promise<T> {
      const questions: Question[] = []
      const source = store.explaining({
        // A filter is tried for its statement, not for what it finds
        runs: by === null,
        hear: (plan) => heard.push(plan.then((plan) => ({ field: read.resolver, plan, questions }))),
      })
      try {
        const reader = overheard(source.reader, (question) => questions.push(question))
        return await read.ask({ ...source, reader }, signal)
      } catch (error) {
        if (error instanceof NotRun) throw error
        const failure = signal.aborted ? null : store.failureOf(error)
        if (failure !== null && failure !== 'timeout' && failure !== 'refused') trouble ??= error
        throw store.readError(error)
      }
    },
  }
  const contextValue: GatewayContext = { ...appContext, routing: look, subject: () => 'doctor', signal }
  const { data, errors = [] } = await execute({ schema, document, variableValues: { ...variables }, contextValue })
  const plans = await Promise.all(heard)
  if (trouble !== undefined)
    throw new StoreTrouble(told(trouble, { reads: true }) ?? `${origin} failed`, { cause: trouble })
  return { plans, data, errors: errors.filter(({ originalError }) => !(originalError instanceof NotRun)) }
}

/** The same once nothing that was begun beside it would have it asked otherwise; null where that takes too long. */
async function asked(...given: Parameters<typeof ask>): Promise<Round | null> {
  const [{ stores }, origin, , , { signal, leftMs }] = given
  for (let round = 1; ; round++) {
    // A store that hangs may hear of no end
    const answer = await awaitWithin(ask(...given), leftMs())
    if (answer === timedOut || signal.aborted) return null
    const settled = await awaitWithin(stores[origin].settled(), leftMs())
    if (settled === timedOut) return null
    if (!settled || round === mostRounds) return answer
  }
}

/** Why a part of an answer failed: its code alone, since a message may hold a value that was given. */
function whyFailed({ originalError, path }: GraphQLError, { failureOf }: Stores[Origin]): string {
  if (!path) return 'its variables do not fit the contract'
  if (failureOf(originalError?.cause) === 'timeout') return 'it took longer than a read may, so that its store ended it'
  const code = originalError instanceof CrossfadeError ? originalError.code : (originalError?.name ?? 'a fault')
  return code === 'BAD_USER_INPUT' ? 'its variables are refused (BAD_USER_INPUT)' : `it failed (${code})`
}

const fieldAt = ({ path = [] }: GraphQLError): string =>
  path.filter((key) => typeof key === 'string').join('.') || 'all of it'

/** The first record of each type, from the store itself where it has one. */
function samplesOf({ stores, asks = origins }: App, origin: Origin, { signal }: Deadline): Sample {
  const known = new Map<Entity, Promise<Rec | null>>()
  async function first(entity: Entity): Promise<Rec | null> {
    for (const from of [origin, otherOrigin(origin)].filter((each) => asks.includes(each))) {
      const order = [{ path: 'id', direction: 'asc' }] as const
      const query = { where: everything, order, limit: 1, fields: allFields(entity) }
      // A store that fails here is told of where it is asked what is meant
      const found = await stores[from].reader.query(entity, query, signal).catch(() => [])
      if (found[0]) return found[0].record
    }
    return null
  }
  return (entity) => {
    const record = known.get(entity) ?? first(entity)
    known.set(entity, record)
    return record
  }
}

/**
 * Explains what each operation asks each store, by asking it: all types in one store, whatever their stages. What is
 * never reached is told as well.
 *
 * @param ms what each store may take.
 */
export async function explainOperations(
  app: App,
  operations: readonly KnownOperation[],
  ms: number,
): Promise<OperationPlans> {
  const explained: Explained[] = []
  const missed: OperationNote[] = []
  const problems: string[] = []

  /** False where the time was over first. */
  async function lookAt(
    origin: Origin,
    operation: KnownOperation,
    sample: Sample,
    deadline: Deadline,
  ): Promise<boolean> {
    const { name } = operation
    const miss = (field: string, why: string, by: string | null = null): void => {
      const place = { operation: name, field, store: origin } as const
      const note = { ...place, of: [why], by: [by], worse: false, remedy: null }
      missed.push({ ...note, found: 'not reached' })
    }
    const { askings, notMade } = await askingsOf(operation, app.schema, app.entities, sample)
    for (const why of notMade) miss('a part of it', `no value was made for ${why}`)
    let parts: readonly string[] | null = null
    for (const asking of askings) {
      const round = await asked(app, origin, operation, asking, deadline)
      if (!round) return false
      for (const each of round.plans) explained.push({ ...each, operation: name, store: origin, by: asking.by })
      const failed = new Map(round.errors.map((error) => [fieldAt(error), whyFailed(error, app.stores[origin])]))
      for (const [field, why] of failed) miss(field, why, asking.by)
      // Of an answer without data its errors tell
      if (asking.by !== null || !round.data) continue
      const isBelow = (part: string): boolean => [...failed.keys()].some((field) => part.startsWith(`${field}.`))
      const all = unreached(app.schema, operation.document, app.entities, round.data)
      const left = all.filter((part) => !isBelow(part))
      parts = left.filter((part) => parts === null || parts.includes(part))
    }
    for (const part of parts ?? []) miss(part, 'nothing was found above it')
    return true
  }

  for (const origin of app.asks ?? origins) {
    const end = performance.now() + ms
    const deadline = { signal: AbortSignal.timeout(ms), leftMs: () => Math.max(0, end - performance.now()) }
    const sample = samplesOf(app, origin, deadline)
    for (const [at, operation] of operations.entries()) {
      try {
        if (await lookAt(origin, operation, sample, deadline)) continue
        const rest = operations.slice(at).map(({ name }) => name)
        const over = `${origin}: the ${ms / 1000} s were over in ${operation.name}`
        problems.push(`${over}, so not all was explained: ${rest.join(', ')}. Run it again, or without that one.`)
      } catch (error) {
        if (!(error instanceof StoreTrouble)) throw error
        problems.push(`${operation.name} was not explained, nor any behind it: ${error.message}`)
      }
      break
    }
  }
  const names = new Set(explained.map(({ operation }) => operation))
  if (explained.length === 0 && problems.length === 0) problems.push('No statement of an operation was explained.')
  return {
    explained: { operations: names.size, statements: explained.length },
    notes: [...notesOf(explained, app.proposals), ...missed],
    problems,
  }
}
