import { randomUUID } from 'node:crypto'
import { DesiredKeeper } from '../control/desired-keeper.ts'
import { Doubts } from '../control/doubts.ts'
import type { FinishOptions } from '../control/flag-commit.ts'
import { FlagKeeper } from '../control/flag-keeper.ts'
import { FlagSource } from '../control/flag-source.ts'
import { ledgersOf } from '../control/flag-store.ts'
import { FlagWatch } from '../control/flag-watch.ts'
import type { FlagsConfig } from '../control/flags-config.ts'
import { HighWater } from '../control/high-water.ts'
import type { Sign } from '../control/instances.ts'
import { KillSwitch } from '../control/kill-switch.ts'
import type { Notice, Notices } from '../control/notices.ts'
import { times } from '../control/times.ts'
import type { Entity } from '../entity/entity.ts'
import { flagKeyOf, flagMembers } from '../entity/flag-key.ts'
import { mappingDigest } from '../entity/mapping-digest.ts'
import { Capture } from '../mirror/capture.ts'
import { Mirror } from '../mirror/mirror.ts'
import { type Standing, standingOf } from '../mirror/standing.ts'
import { Sweeper } from '../mirror/sweeper.ts'
import { Admitted } from '../routing/admitted.ts'
import { type ErrorBudget, ErrorBudgets, errorBudgetOf } from '../routing/error-budgets.ts'
import { FailOvers } from '../routing/fail-overs.ts'
import { guardWrites } from '../routing/guard-writes.ts'
import type { Meter } from '../routing/meter.ts'
import { Permits } from '../routing/permits.ts'
import { ReadBreakers } from '../routing/read-breakers.ts'
import { freshnessMs } from '../routing/read-choices.ts'
import type { ReadLimits } from '../routing/read-limits.ts'
import { RecentWrites } from '../routing/recent-writes.ts'
import type { Routing, Stores } from '../routing/routing.ts'
import { Shadow, type ShadowOptions } from '../shadow/shadow.ts'
import { failureOfAny, tellsOfTrouble } from '../stores/failure.ts'
import type { GroupKey, Mismatch } from '../stores/findings.ts'
import { awaitWithin } from '../util/await-within.ts'
import type { Origin } from '../util/origin.ts'
import { until } from '../util/until.ts'

export interface InstanceOptions {
  readonly entities: readonly Entity[]
  readonly stores: Stores
  readonly dataDir: string
  readonly limits: ReadLimits
  readonly log: Routing['log']
  readonly shadow?: Partial<ShadowOptions> | undefined
  readonly errorBudget?: Partial<ErrorBudget> | undefined
  /** Default: true. */
  readonly tellStale?: boolean | undefined
  /** Default: nobody asks for flags but operators. */
  readonly flags?: FlagsConfig | undefined
  readonly onMismatch?: ((mismatch: Mismatch) => void) | undefined
  /** See `FlagWatch`. */
  readonly probeMs?: number | undefined
  /** Names the instance among all; default: a name that no other has. */
  readonly id?: string
  /** Whether it may follow what other programs change in MongoDB; default: true. */
  readonly captures?: boolean
  readonly meter?: Meter | undefined
  /** Default: nobody is told. */
  readonly notices?: Notices | undefined
  /** Default: a thread that watches the file of the data directory. */
  readonly killSwitch?: Routing['killSwitch']
}

/** One member of those that read and write the stores together: it is known to movers, and sweeps. */
export interface Instance {
  readonly id: string
  readonly routing: Routing
  /** Lets no more writes begin, waits for those under way within bounds, and tells movers that nothing is left. */
  leave(): Promise<void>
}

/** Alerts that go with a sign of life at most. */
const mostAlerts = 10

interface Members {
  readonly routing: Routing
  readonly source: FlagSource | undefined
  readonly capture: Capture
  readonly doubts: Doubts
}

function sourceOf(
  { entities, log, flags: config }: InstanceOptions,
  owner: string,
  flags: FlagWatch,
  change: FinishOptions,
): FlagSource {
  const types = [...flagMembers(entities).keys()] // a group goes by one word
  const { intervalMs = 5_000, ...given } = config!
  const keeper = new DesiredKeeper({ by: owner, types, flags, change, log, intervalMs })
  const onLook = (...found: Parameters<DesiredKeeper['keep']>): Promise<void> => keeper.keep(...found)
  return new FlagSource({ ...given, intervalMs, id: owner, types, log, onLook })
}

const mismatchNotice = ({ fingerprint: group, type, resolver, kind, path }: GroupKey): Notice => ({
  event: 'mismatch.new',
  type,
  text: `Reads of ${type} differ${path ? ` in ${path}` : ''} (${kind}), read by ${resolver}.`,
  facts: { group, resolver, kind, path },
})

const deadLetterNotice = (type: string, id: string, reason: string): Notice => ({
  event: 'dead-letter.new',
  type,
  text: `${type} ${id} cannot be mirrored: ${reason}.`,
  facts: { id, reason },
})

function createMembers(options: InstanceOptions, owner: string): Members {
  const { entities, dataDir, limits, log, onMismatch, probeMs, notices } = options
  const stores = guardWrites(options.stores, () => flags.formats.check())
  const ledgers = ledgersOf(stores)
  const types = entities.map(({ name }) => name)
  const byName = new Map(entities.map((entity) => [entity.name, entity]))
  const known = (names: Iterable<string>): string[] => [...names].filter((name) => flags.has(name))
  const members = flagMembers(entities)
  const owedOf = (type: string): [string, number][] => {
    const backlog = sweeper.backlog(type)
    return backlog ? [[type, backlog.count]] : []
  }
  const sign = (): Sign => ({
    acknowledged: Object.fromEntries(known(members.keys()).map((key) => [key, permits.acknowledged(key)])),
    owed: Object.fromEntries(known(types).flatMap(owedOf)),
    mappings: Object.fromEntries(entities.map((entity) => [entity.name, mappingDigest(entity)])),
    alerts: source?.alerts.slice(0, mostAlerts) ?? [],
  })
  const killSwitch = options.killSwitch ?? new KillSwitch(dataDir, entities)
  const flags: FlagWatch = new FlagWatch({
    id: owner,
    sign,
    entities,
    ledgers,
    dataDir,
    log,
    probeMs,
    onKilled: (found) => killSwitch.learn(found),
    onSilent: (origin) => stores[origin].distrust(),
    onAnswer: (origin) => void doubts.answers(origin),
    onLess: (origin) => void doubts.wentBack(origin).catch(() => undefined), // it stops
  })
  const doubts = new Doubts({
    members,
    ledgers,
    lineage: (origin) => stores[origin].lineage(),
    log,
  })
  const source = options.flags && sourceOf(options, owner, flags, changeOptions(stores, log))
  const permits: Permits = new Permits(flags, (origin) => stores[origin].takesWrites() && !flags.isDown(origin))
  const mirror = new Mirror({ stores, log })
  const place = (type: string) => (flags.has(type) ? standingOf(flags.get(type)) : null)
  const standing = (type: string): Standing | null => {
    const now = place(type)
    return now && { ...now, confirmedEpoch: flags.forWrite(type)?.epoch ?? 0 }
  }
  const owing = (type: string): Origin | null => {
    const now = place(type)
    return now?.isMirrored ? now.authority : null
  }
  const sweeper: Sweeper = new Sweeper({
    stores,
    entities,
    standing,
    owner,
    olderThanMs: 1_000,
    log,
    onDeadLetter: ({ name: type }, id, reason) => notices?.send(deadLetterNotice(type, String(id), reason)),
  })
  const shadow = new Shadow({
    ...options.shadow,
    log,
    onMismatch,
    failureOf: (error) => failureOfAny(stores, error),
    async pending(type) {
      const from = owing(type)
      return from !== null && (await stores[from].candidate.outbox.backlog(byName.get(type)!)).count > 0
    },
    async owedFor(type, ids) {
      const from = owing(type)
      return from === null ? new Map() : stores[from].candidate.outbox.owedFor(byName.get(type)!, ids)
    },
    async keep(seen) {
      const opened = new Set(await stores.postgres.findings.add(seen))
      for (const group of seen.groups) if (opened.has(group.fingerprint)) notices?.send(mismatchNotice(group))
    },
    rules: () => stores.postgres.triage.rulesInForce(),
  })
  const routing: Routing = {
    stores,
    entities,
    flags,
    killSwitch,
    shadow,
    mirror,
    sweeper,
    permits,
    failOvers: new FailOvers(log, options.tellStale),
    breakers: new ReadBreakers(log),
    errorBudgets: new ErrorBudgets({
      ...errorBudgetOf(options.errorBudget ?? {}),
      by: owner,
      change: changeOptions(stores, log),
      log,
    }),
    recentWrites: new RecentWrites(2 * freshnessMs),
    readsUnderWay: { mongo: new Admitted(), postgres: new Admitted() },
    limits,
    meter: options.meter,
    log,
  }
  const onLost = (type: string, why: string): Promise<void> => doubts.doubt(flagKeyOf(byName.get(type)!), why)
  const capture = new Capture({ stores, entities, owner, standing: place, onLost, log })
  return { routing, source, doubts, capture }
}

/** What an instance changes flags with by itself. */
const changeOptions = (stores: Stores, log: Routing['log']): FinishOptions => ({
  ledgers: ledgersOf(stores),
  isTrouble: (error) => tellsOfTrouble(stores, error),
  log: (line) => log('warn', line),
})

function keeperOf({ stores, entities, flags, log }: Routing): FlagKeeper {
  return new FlagKeeper([...flagMembers(entities).keys()], flags, changeOptions(stores, log))
}

/**
 * Joins: a sign of life in each store before its flags are read, then the mirror's sweep. A store that does not answer is
 * no reason not to.
 *
 * @throws CrossfadeError MISCONFIGURED where both stores answer and know no flag.
 */
export async function openInstance(options: InstanceOptions): Promise<Instance> {
  const { id = randomUUID(), captures = true } = options
  const { routing, source, capture, doubts } = createMembers(options, id)
  const { flags, sweeper, shadow, mirror, permits } = routing
  await flags.start()
  sweeper.start()
  if (captures) capture.start()
  const keeper = keeperOf(routing)
  keeper.start()
  const highWater = new HighWater({
    ledgers: ledgersOf(routing.stores),
    isDown: (origin) => flags.isDown(origin),
    onLess: (origin) => doubts.wentBack(origin),
  })
  highWater.start()
  source?.start()
  return {
    id,
    routing,
    async leave() {
      permits.close()
      doubts.stop()
      routing.errorBudgets.stop()
      const idle = await until(() => permits.isIdle, times.write)
      const ends = [shadow.stop(), sweeper.stop(), capture.stop(), mirror.flush(), keeper.stop(), source?.stop()]
      await awaitWithin(Promise.all([...ends, highWater.stop()]), times.controlCall)
      await routing.killSwitch.stop()
      // A mover waits for what is still being written as for a gateway that has died
      await awaitWithin(idle ? flags.withdraw() : flags.stop(), times.controlCall)
    },
  }
}
