import type { Entity, Id, Rec } from '../../src/entity/entity.ts'
import type { Stores } from '../../src/routing/routing.ts'
import { troubleOfWrite } from '../../src/stores/failure.ts'
import type { Ledger } from '../../src/stores/ledger.ts'
import { mongoAuthority } from '../../src/stores/mongo/authority.ts'
import * as mongoErrors from '../../src/stores/mongo/errors.ts'
import { mongoLedger } from '../../src/stores/mongo/ledger.ts'
import type { MongoStore } from '../../src/stores/mongo/mongo-store.ts'
import { mongoOutbox } from '../../src/stores/mongo/outbox.ts'
import { mongoReader } from '../../src/stores/mongo/reader.ts'
import { mongoReplica } from '../../src/stores/mongo/replica.ts'
import { ConnectionFailure } from '../../src/stores/postgres/connection-failure.ts'
import * as postgresErrors from '../../src/stores/postgres/errors.ts'
import type { PostgresStore } from '../../src/stores/postgres/postgres-store.ts'
import type { Authority, Backlog, IdRange, Item, Stamp } from '../../src/stores/store.ts'
import { modelConnection } from './mongo-connection.ts'
import type { MongoState } from './mongo-server.ts'
import type { Network, Server } from './network.ts'
import type { PostgresState } from './postgres-server.ts'
import * as server from './postgres-server.ts'

export interface Servers {
  readonly mongo: Server<MongoState>
  readonly postgres: Server<PostgresState>
}

/** What one call may take, in milliseconds, as a gateway has it: see `times`. */
const callMs = 10_000
const controlMs = 4_000

/** Two commands that copy at the same time share the ranges of one copy. */
const cuts = async (): Promise<readonly Id[]> => ['a', 'e']

/** MongoDB's own code, over a server of the model. */
function mongo(network: Network, at: Server<MongoState>): MongoStore {
  const connection = modelConnection(network, at, callMs, false)
  const control = modelConnection(network, at, controlMs, true)
  const source = (of: typeof connection) => ({
    origin: 'mongo' as const,
    connection: of,
    reader: mongoReader(of),
    outbox: mongoOutbox(of),
  })
  const store = {
    ...source(connection),
    candidate: source(control),
    control: source(control),
    authority: mongoAuthority(connection),
    replica: mongoReplica(connection),
    ledger: mongoLedger(control),
    estimate: async () => null,
    survey: async () => null,
    cuts,
    distrust: () => undefined,
    lineage: async () => null,
    takesWrites: connection.takesWrites,
    failureOf: mongoErrors.failureOf,
    readError: mongoErrors.readError,
  }
  return store as unknown as MongoStore
}

function backlogOf(state: PostgresState, entity: Entity): Backlog {
  const all = [...server.ages(state, entity).values()]
  const oldestMs = Math.max(0, ...all)
  return { count: all.length, oldest: all.length > 0 ? new Date(Date.now() - oldestMs) : null, oldestMs }
}

type Ask = <T>(kind: 'read' | 'write', run: (state: PostgresState) => T, mayDouble?: boolean) => Promise<T>

const asker =
  (network: Network, at: Server<PostgresState>, limitMs: number, isControl: boolean): Ask =>
  (kind, run, mayDouble = kind === 'read') =>
    network.ask(at, {
      kind,
      isControl,
      run,
      limitMs: limitMs + 1_000,
      mayDouble,
      refused: () => new ConnectionFailure('unreachable', 'connection refused'),
      silent: () => new ConnectionFailure('unknown', 'no answer'),
    })

function ledger(ask: Ask): Ledger {
  const at = (kind: string, key: string): string => `${kind} ${key}`
  return {
    get: (kind, key) => ask('read', ({ ledger }) => ledger.get(at(kind, key)) ?? null),
    list: (...kinds) =>
      ask('read', ({ ledger }) =>
        kinds.flatMap((kind) =>
          [...ledger]
            .filter(([name]) => name.startsWith(`${kind} `))
            .map(([, entry]) => ({ ...entry, kind, ageMs: Date.now() - entry.at })),
        ),
      ),
    compareAndSet: (kind, key, revision, value) =>
      ask(
        'write',
        ({ ledger }) => {
          if ((ledger.get(at(kind, key))?.revision ?? null) !== revision) return false
          const copy = JSON.parse(JSON.stringify(value))
          ledger.set(at(kind, key), { key, revision: (revision ?? 0) + 1, value: copy, at: Date.now() })
          return true
        },
        true,
      ),
    remove: (kind, key, revision) =>
      ask(
        'write',
        ({ ledger }) => {
          const known = ledger.get(at(kind, key))
          if (revision === undefined || known?.revision === revision) ledger.delete(at(kind, key))
        },
        true,
      ),
    claim: (key, owner, ms) =>
      ask('write', ({ claims }) => {
        const claim = claims.get(key)
        if (claim && claim.owner !== owner && claim.until >= Date.now()) return false
        claims.set(key, { owner, until: Date.now() + ms })
        return true
      }),
    release: (key, owner) =>
      ask('write', ({ claims }) => void (claims.get(key)?.owner === owner && claims.delete(key)), true),
    append: (log, key, value) => ask('write', (state) => void state.log.push({ log, key, value, at: new Date() })),
    tail: (name, limit, key) =>
      ask('read', ({ log }) =>
        log
          .filter((line) => line.log === name && (key === undefined || line.key === key))
          .slice(-limit)
          .reverse(),
      ),
    lines: async () => [], // nothing here lists conflicts, or counts them
    line: async () => null,
    lengths: async () => new Map(),
    length: (name) => ask('read', ({ log }) => log.filter((line) => line.log === name).length),
    expire: async () => 0, // the world is younger than anything that expires
    forget: async () => 0,
  }
}

const itemsOf = (state: PostgresState, entity: Entity, ids: readonly Id[]): Map<Id, Item> =>
  new Map(
    server
      .images(state, entity, ids)
      .flatMap(({ id, record, version }) =>
        record ? [[id, { record, version, pending: state.notes.has(`${entity.name}/${id}`) }] as const] : [],
      ),
  )

/** PostgreSQL's promises, see `postgres-server`. */
function postgres(network: Network, at: Server<PostgresState>): PostgresStore {
  const ask = asker(network, at, callMs, false)
  const control = asker(network, at, controlMs, true)
  const source = (by: Ask) => ({
    origin: 'postgres' as const,
    reader: {
      byIds: (entity: Entity, ids: readonly Id[]) => by('read', (state) => itemsOf(state, entity, ids)),
      scan: async (entity: Entity, { after, limit }: { readonly after: Id | null; readonly limit: number }) => {
        const images = await by('read', (state) => server.scan(state, entity, after, limit))
        return { images, quarantined: [], next: images.length < limit ? null : images.at(-1)!.id }
      },
      async *stream(entity: Entity, { after, limit }: { readonly after: Id | null; readonly limit: number }) {
        for (let from = after; ; ) {
          const start = from
          const images = await by('read', (state) => server.scan(state, entity, start, limit))
          yield { images, quarantined: [] }
          if (images.length < limit) return
          from = images.at(-1)!.id
        }
      },
      ids: (entity: Entity, { after, upTo }: IdRange, limit: number, without: readonly Id[]) =>
        by('read', (state) => {
          const ids = server.scan(state, entity, after, Number.POSITIVE_INFINITY).map(({ id }) => id)
          return ids.filter((id) => (upTo === null || id <= upTo) && !without.includes(id)).slice(0, limit)
        }),
    },
    outbox: {
      owed: (...args: Parameters<PostgresStore['outbox']['owed']>) => {
        const [entity, olderThanMs, limit, without = []] = args
        return by('read', (state) => server.owed(state, entity, olderThanMs, limit, without))
      },
      images: (entity: Entity, ids: readonly Id[]) => by('read', (state) => server.images(state, entity, ids)),
      clear: (...[entity, cleared]: Parameters<PostgresStore['outbox']['clear']>) =>
        by('write', (state) => server.clear(state, entity, cleared), true),
      backlog: (entity: Entity) => by('read', (state) => backlogOf(state, entity)),
      backlogs: (entities: readonly Entity[]) =>
        by('read', (state) => new Map(entities.map((entity) => [entity.name, backlogOf(state, entity)]))),
      owedFor: (entity: Entity, ids: readonly Id[]) => by('read', (state) => server.ages(state, entity, ids)),
      buriedAt: (entity: Entity, id: Id) =>
        by('read', ({ tombstones }) => tombstones.get(`${entity.name}/${id}`) ?? null),
    },
  })
  /** Like `writeError`: a transaction that was not answered may stand. */
  const write = async <T>(run: (state: PostgresState) => T): Promise<T> => {
    try {
      return await ask('write', run)
    } catch (error) {
      throw error instanceof ConnectionFailure ? troubleOfWrite('PostgreSQL', error.failure, error) : error
    }
  }
  /** See `server.commit`. Nothing of a step stands before, so that one that is not answered has written nothing. */
  const together: Authority['together'] = async (work, mayCommit) => {
    let snapshot: server.Snapshot | null = null
    const written: [Entity, Stamp][] = []
    async function step<T>(run: (state: PostgresState) => T): Promise<T> {
      try {
        return await ask('write', (state) => run((snapshot ??= server.snapshotOf(state)).present))
      } catch (error) {
        throw error instanceof ConnectionFailure ? troubleOfWrite('PostgreSQL', 'unreachable', error) : error
      }
    }
    const result = await work({
      isAtomic: true,
      images: (entity, ids) => step((state) => server.images(state, entity, ids)),
      create(entity, record, stamp) {
        written.push([entity, stamp])
        const now = Date.now()
        return step((state) => server.create(state, entity, record, stamp, now))
      },
      patch(entity, id, patch, stamp, guard) {
        written.push([entity, stamp])
        return step((state) => server.patch(state, entity, id, patch, stamp, guard))
      },
      delete(entity, id, stamp, guard) {
        written.push([entity, stamp])
        return step((state) => server.remove(state, entity, id, stamp, guard))
      },
      byHand: () => Promise.reject(new Error('no history writes by hand')),
    })
    mayCommit()
    const done = snapshot
    if (done) await write((state) => server.commit(state, done, written))
    return result
  }
  const clients = source(ask)
  const store = {
    ...clients,
    candidate: source(control),
    control: source(control),
    authority: {
      together,
      images: clients.outbox.images,
      create: (...[entity, record, stamp]: Parameters<PostgresStore['authority']['create']>) => {
        const now = Date.now()
        return write((state) => server.create(state, entity, record as Rec, stamp, now))
      },
      patch: (...args: Parameters<PostgresStore['authority']['patch']>) =>
        write((state) => server.patch(state, ...args)),
      delete: (...args: Parameters<PostgresStore['authority']['delete']>) =>
        write((state) => server.remove(state, ...args)),
      restamp: (...args: Parameters<PostgresStore['authority']['restamp']>) =>
        write((state) => server.restamp(state, ...args)),
      settleHidden: async () => 0,
      bury: (...args: Parameters<PostgresStore['authority']['bury']>) => write((state) => server.bury(state, ...args)),
      owe: (...args: Parameters<PostgresStore['authority']['owe']>) => write((state) => server.owe(state, ...args)),
    },
    replica: {
      bulkPut: (...[entity, images, under]: Parameters<PostgresStore['replica']['bulkPut']>) =>
        ask('write', (state) => server.bulkPut(state, entity, images, under), true),
      settleArriving: async () => 0,
      unfit: () => null,
      isTaken: async () => false,
    },
    ledger: ledger(control),
    // Nothing is mapped later here, and nothing has an issue
    connection: { run: async () => [{ last: null, stale: null }] },
    cuts,
    dataIssues: { quarantine: async () => undefined, keepOut: async () => undefined },
    findings: { add: async () => undefined },
    triage: { rulesInForce: async () => [] },
    distrust: () => undefined,
    lineage: async () => null,
    takesWrites: () => true,
    failureOf: postgresErrors.failureOf,
    readError: postgresErrors.readError,
  }
  return store as unknown as PostgresStore
}

/** Both stores as one place sees them. What the histories do not use is not there, and fails. */
export const modelStores = (network: Network, { mongo: m, postgres: p }: Servers): Stores => ({
  mongo: mongo(network, m),
  postgres: postgres(network, p),
})
