import { setTimeout as sleep } from 'node:timers/promises'
import { ledgersOf, noFlag, readCopies } from '../control/flag-store.ts'
import { liveInstances } from '../control/instances.ts'
import type { Entity } from '../entity/entity.ts'
import { flagKeyOf } from '../entity/flag-key.ts'
import { siblingsOf } from '../entity/siblings.ts'
import type { ForeignChanges } from '../stores/foreign-changes.ts'
import type { MongoStore } from '../stores/mongo/mongo-store.ts'
import { type Traces, tracesOf } from '../stores/mongo/traces.ts'
import type { PostgresStore } from '../stores/postgres/postgres-store.ts'
import { origins } from '../util/origin.ts'

export interface RetireOptions {
  readonly stores: { readonly mongo: MongoStore; readonly postgres: PostgresStore }
  readonly entity: Entity
  /** All types of the app. */
  readonly entities: readonly Entity[]
  /** How long the collection is watched for what somebody changes in it, in milliseconds. */
  readonly watchMs: number
  readonly signal?: AbortSignal
}

/** What stands against taking a type out of MongoDB, and what is to be taken. */
export interface Retirement {
  readonly type: string
  /** A line each. */
  readonly unmet: readonly string[]
  /** What cannot be seen from here, a line each. */
  readonly unknown: readonly string[]
  readonly traces: Traces
  /** What the app does not need any more of its mapping. */
  readonly leftovers: readonly string[]
}

/** How many changes others make in a while; null with the reason where nobody can tell. */
async function changesWithin(
  changes: ForeignChanges,
  entity: Entity,
  { entities, watchMs, signal }: RetireOptions,
): Promise<{ readonly count: number } | { readonly why: string }> {
  const stream = changes.follow(entity, ['retire', entity.name], null, siblingsOf(entity, entities))
  const until = performance.now() + watchMs
  let count = 0
  try {
    while (performance.now() < until) {
      const { made, wasDropped } = await stream.next()
      count += made.filter(({ isOfAnother }) => !isOfAnother).length
      if (wasDropped) return { count }
      await sleep(0, undefined, { signal })
    }
    return { count }
  } catch (error) {
    const why = changes.whyImpossible(error)
    if (why === null) throw error
    return { why }
  } finally {
    await stream.close()
  }
}

/** Settings of fields that say how documents are read, and nothing of tables. */
function leftoversOf({ name, leaves, mongo }: Entity): string[] {
  const moved = [...leaves.values()].filter(({ path, mongo: at }) => path !== at).map(({ path }) => path)
  return [
    `the \`mongo\` side of fields that are \`routed\` for ${name}, and what else asks the collection ${mongo} by hand`,
    ...(moved.length > 0
      ? [`\`at\`, \`nullIf\` and the like of ${moved.join(', ')}: they say how documents are read`]
      : []),
    'MONGODB_URI stays needed while any type is not retired, and for the flags that MongoDB keeps',
  ]
}

async function liveGateways(stores: RetireOptions['stores']) {
  const live = await Promise.all(origins.map((origin) => liveInstances(stores[origin].ledger)))
  return [...new Map(live.flat().map((instance) => [instance.id, instance])).values()]
}

/** Looks whether a type that is `complete` can leave MongoDB: nothing of ours writes it, and nobody is seen to. */
export async function retirement(options: RetireOptions): Promise<Retirement> {
  const { stores, entity } = options
  const key = flagKeyOf(entity)
  const { flag } = await readCopies(ledgersOf(stores), key)
  if (!flag) throw noFlag(key)
  const unmet: string[] = []
  const unknown = ['who reads the collection: `mongotop` and the logs of the server tell']
  if (flag.stage !== 'complete' || flag.state !== 'steady')
    unmet.push(`${entity.name} is ${flag.stage}: MongoDB is still written, or will be`)
  const live = await liveInstances(stores.postgres.ledger)
  const behind = live.filter(({ acknowledged }) => (acknowledged[key] ?? 0) < flag.revision).map(({ id }) => id)
  if (behind.length > 0) unmet.push(`these gateways do not know the stage yet: ${behind.join(', ')}`)
  const seen = await changesWithin(stores.mongo.foreignChanges, entity, options)
  if ('why' in seen) unknown.push(`what others write to it, since ${seen.why}`)
  else if (seen.count > 0)
    unmet.push(`others have made ${seen.count} changes in ${entity.mongo} within ${options.watchMs / 1_000} s`)
  const traces = await tracesOf(stores.mongo.connection, entity)
  return { type: entity.name, unmet, unknown, traces, leftovers: leftoversOf(entity) }
}

/** Looks whether Crossfade can leave MongoDB as it found it: a type that is `off`, and no gateway that would stamp it anew. */
export async function abandonment({ stores, entity }: Pick<RetireOptions, 'stores' | 'entity'>): Promise<Retirement> {
  const key = flagKeyOf(entity)
  const { flag } = await readCopies(ledgersOf(stores), key)
  const unmet: string[] = []
  if (flag && (flag.stage !== 'off' || flag.state !== 'steady'))
    unmet.push(`${entity.name} is ${flag.stage}, and not off`)
  const live = await liveGateways(stores)
  if (live.length > 0)
    unmet.push(`these gateways would write bookkeeping again, stop them: ${live.map(({ id }) => id).join(', ')}`)
  const traces = await tracesOf(stores.mongo.connection, entity)
  if (traces.arriving > 0)
    unmet.push(`${traces.arriving} documents are not revealed yet: let a gateway run for a minute first`)
  return { type: entity.name, unmet, unknown: [], traces, leftovers: [] }
}
