import { isDeepStrictEqual } from 'node:util'
import { parseFlag } from '../../src/control/flag.ts'
import type { Entity, Id, Rec } from '../../src/entity/entity.ts'
import { flagKeyOf } from '../../src/entity/flag-key.ts'
import type { Patch } from '../../src/query/patch.ts'
import type { Where } from '../../src/query/where.ts'
import { STAGE_PLAN } from '../../src/stage/stage.ts'
import { Conflict } from '../../src/stores/failure.ts'
import type { Entry, Logged } from '../../src/stores/ledger.ts'
import type { Cleared, Guard, Image, PutOutcome, Stamp } from '../../src/stores/store.ts'
import { compareVersions, unversioned, type Version } from '../../src/stores/version.ts'
import { CrossfadeError } from '../../src/util/errors.ts'
import type { Json } from '../../src/util/json.ts'

interface Row {
  readonly version: Version
  readonly record: Rec
  readonly rest: Json
}

/**
 * All that one PostgreSQL server keeps. Each function below is one transaction, by the rules of `stores/postgres`: that
 * those are atomic and serialised by their locks is the server's promise, which the tests on a real one hold it to.
 * Members are by `Type/id`. Values are never changed in place.
 */
export interface PostgresState {
  readonly rows: Map<string, Row>
  readonly tombstones: Map<string, Version>
  readonly notes: Map<string, { readonly version: Version; readonly since: number }>
  readonly ledger: Map<string, Entry & { readonly at: number }>
  readonly claims: Map<string, { readonly owner: string; readonly until: number }>
  readonly log: (Logged & { readonly log: string })[]
}

export const emptyState = (): PostgresState => ({
  rows: new Map(),
  tombstones: new Map(),
  notes: new Map(),
  ledger: new Map(),
  claims: new Map(),
  log: [],
})

export const copyState = (state: PostgresState): PostgresState => ({
  rows: new Map(state.rows),
  tombstones: new Map(state.tombstones),
  notes: new Map(state.notes),
  ledger: new Map(state.ledger),
  claims: new Map(state.claims),
  log: [...state.log],
})

const keyOf = ({ name }: Entity, id: Id): string => `${name}/${id}`
const idOf = ({ name }: Entity, key: string): Id => key.slice(name.length + 1)
const isOf = ({ name }: Entity, key: string): boolean => key.startsWith(`${name}/`)

function note(state: PostgresState, entity: Entity, id: Id, version: Version): void {
  const key = keyOf(entity, id)
  state.notes.set(key, { version, since: state.notes.get(key)?.since ?? Date.now() })
}

/** Ids of other records with one of the record's unique values. */
function holders({ rows }: PostgresState, entity: Entity, record: Rec): Id[] {
  const unique = [...entity.leaves.values()].filter((leaf) => leaf.unique)
  return [...rows].flatMap(([key, row]) => {
    const same = unique.some(({ path }) => record[path] != null && row.record[path] === record[path])
    return isOf(entity, key) && row.record.id !== record.id && same ? [row.record.id] : []
  })
}

function checkUnique(state: PostgresState, entity: Entity, record: Rec): void {
  if (holders(state, entity, record).length > 0) throw new Conflict(['value'])
}

const stale = (entity: Entity): CrossfadeError =>
  new CrossfadeError('TRY_AGAIN', `${entity.name} was written after authority moved.`)

const flagOf = (ledger: PostgresState['ledger'], type: string) => parseFlag(ledger.get(`flag ${type}`)?.value)

/** The flag, inside of the write's own transaction, see `crossfade.may_write`. */
function mayWrite({ ledger }: PostgresState, entity: Entity, { epoch }: Stamp): void {
  const { name } = entity
  const flag = flagOf(ledger, flagKeyOf(entity))
  if (!flag) return
  if (flag.state === 'handed' || flag.epoch !== epoch || STAGE_PLAN[flag.stage].authority !== 'postgres')
    throw new CrossfadeError('TRY_AGAIN', `Authority over ${name} is moving; try again.`)
}

const nextOf = (version: Version, epoch: number): Version => ({
  epoch,
  counter: version.counter > 0 ? version.counter + 1 : Date.now(),
})

/** @param now the gateway's clock, in milliseconds since 1970. */
export function create(state: PostgresState, entity: Entity, record: Rec, stamp: Stamp, now: number): Image {
  mayWrite(state, entity, stamp)
  const key = keyOf(entity, record.id)
  const tombstone = state.tombstones.get(key)
  if (tombstone && tombstone.epoch > stamp.epoch) throw stale(entity)
  if (state.rows.has(key)) throw new Conflict(['id'])
  checkUnique(state, entity, record)
  const version = { epoch: stamp.epoch, counter: Math.max(now, (tombstone?.counter ?? 0) + 1) }
  state.rows.set(key, { version, record, rest: null })
  if (stamp.owed) note(state, entity, record.id, version)
  return { id: record.id, version, pending: stamp.owed, record, rest: null, issues: [] }
}

/** Flat records alone: what the histories write. */
function applied(record: Rec, { changes }: Patch): Rec {
  const next: Record<string, unknown> = { ...record }
  for (const change of changes) {
    const { path } = change.leaf
    const list = (record[path] ?? []) as readonly unknown[]
    if (change.op === 'set') next[path] = change.value
    else if (change.op === 'increment') next[path] = Number(record[path] ?? 0) + Number(change.by)
    else if (change.op === 'append') next[path] = [...list, change.value]
    else if (change.op === 'pull') next[path] = list.filter((value) => value !== change.value)
    else throw new Error(`the model has no ${change.op}`)
  }
  return { ...next, id: record.id }
}

/** Comparisons of numbers alone: what the histories ask for. */
function meets(record: Rec, where: Where): boolean {
  if (where.op === 'lt') return Number(record[where.path] ?? Number.NaN) < Number(where.value)
  if (where.op === 'gte') return Number(record[where.path] ?? Number.NaN) >= Number(where.value)
  throw new Error(`the model has no ${where.op}`)
}

const isAsWanted = ({ version, record }: Pick<Row, 'version' | 'record'>, { at, when }: Guard): boolean =>
  (!at || compareVersions(version, at) === 0) && (!when || meets(record, when))

export function patch(
  state: PostgresState,
  entity: Entity,
  id: Id,
  change: Patch,
  stamp: Stamp,
  guard: Guard = {},
): Image | null {
  mayWrite(state, entity, stamp)
  const key = keyOf(entity, id)
  const row = state.rows.get(key)
  if (!row) return null
  if (row.version.epoch > stamp.epoch) throw stale(entity)
  if (!isAsWanted(row, guard)) return null
  const record = applied(row.record, change)
  if (isDeepStrictEqual(record, row.record))
    return { id, version: row.version, pending: stamp.owed && state.notes.has(key), record, rest: row.rest, issues: [] }
  checkUnique(state, entity, record)
  const version = nextOf(row.version, stamp.epoch)
  state.rows.set(key, { ...row, version, record })
  if (stamp.owed) note(state, entity, id, version)
  return { id, version, pending: stamp.owed, record, rest: row.rest, issues: [] }
}

export function remove(state: PostgresState, entity: Entity, id: Id, stamp: Stamp, guard: Guard = {}): Image | null {
  mayWrite(state, entity, stamp)
  const key = keyOf(entity, id)
  const row = state.rows.get(key)
  if (!row) return null
  if (row.version.epoch > stamp.epoch) throw stale(entity)
  if (!isAsWanted(row, guard)) return null
  const version = nextOf(row.version, stamp.epoch)
  state.rows.delete(key)
  keepTombstone(state, key, version)
  if (stamp.owed) note(state, entity, id, version)
  return { id, version, pending: stamp.owed, record: null, rest: null, issues: [] }
}

function keepTombstone({ tombstones }: PostgresState, key: string, version: Version): boolean {
  const known = tombstones.get(key)
  if (known && compareVersions(known, version) >= 0) return false
  tombstones.set(key, version)
  return true
}

export function restamp(state: PostgresState, entity: Entity, id: Id, version: Version, above: Version): boolean {
  const { epoch, counter } = compareVersions(version, above) > 0 ? version : above
  const next = { epoch, counter: counter + 1 }
  const key = keyOf(entity, id)
  const row = state.rows.get(key)
  const tombstone = state.tombstones.get(key)
  if (row && compareVersions(row.version, version) === 0) state.rows.set(key, { ...row, version: next })
  else if (tombstone && compareVersions(tombstone, version) === 0) state.tombstones.set(key, next)
  else return false
  note(state, entity, id, next)
  return true
}

export function owe(state: PostgresState, entity: Entity, ids: readonly Id[]): void {
  for (const id of ids) {
    const key = keyOf(entity, id)
    const version = state.rows.get(key)?.version ?? state.tombstones.get(key)
    if (version && !state.notes.has(key)) note(state, entity, id, version)
  }
}

export function bury(state: PostgresState, entity: Entity, tombstones: readonly Image[], under: number): boolean {
  if ((flagOf(state.ledger, flagKeyOf(entity))?.epoch ?? 0) > under) return false
  for (const { id, version } of tombstones) {
    const key = keyOf(entity, id)
    if (!state.rows.has(key) && keepTombstone(state, key, version)) note(state, entity, id, version)
  }
  return true
}

/** One transaction for all; unique values are looked at behind the last of them. */
export function bulkPut(state: PostgresState, entity: Entity, images: readonly Image[], under: number): PutOutcome[] {
  const { rows, tombstones, ledger } = state
  if ((flagOf(ledger, flagKeyOf(entity))?.epoch ?? 0) > under) return images.map(() => ({ put: 'overtaken' }))
  const before = new Map(rows)
  const forbidden = new Map(tombstones)
  const outcomes = images.map((image): PutOutcome => {
    const key = keyOf(entity, image.id)
    const row = rows.get(key)
    const isNewer = !row || compareVersions(row.version, image.version) < 0
    if (image.record === null) {
      const isKept = keepTombstone(state, key, image.version)
      if (isNewer) rows.delete(key)
      return { put: isKept && isNewer ? 'applied' : 'late' }
    }
    const tombstone = forbidden.get(key)
    if (!isNewer || (tombstone && compareVersions(tombstone, image.version) >= 0)) return { put: 'late' }
    rows.set(key, { version: image.version, record: image.record, rest: image.rest })
    return { put: 'applied' }
  })
  const isBlocked = ({ record }: Image, index: number): boolean =>
    record !== null && outcomes[index]!.put === 'applied' && holders(state, entity, record).length > 0
  const blocked = images.findIndex(isBlocked)
  if (blocked < 0) return outcomes
  const by = holders(state, entity, images[blocked]!.record!)
  rows.clear()
  for (const [key, row] of before) rows.set(key, row)
  tombstones.clear()
  for (const [key, version] of forbidden) tombstones.set(key, version)
  if (images.length === 1) return [{ put: 'blocked', constraint: 'unique', by }]
  const half = Math.ceil(images.length / 2)
  return [images.slice(0, half), images.slice(half)].flatMap((part) => bulkPut(state, entity, part, under))
}

export function owed(state: PostgresState, entity: Entity, olderThanMs: number, limit: number, without: readonly Id[]) {
  const before = Date.now() - olderThanMs
  return [...state.notes]
    .filter(([key, { since }]) => isOf(entity, key) && since <= before && !without.includes(idOf(entity, key)))
    .sort(([, a], [, b]) => a.since - b.since)
    .slice(0, limit)
    .map(([key]) => idOf(entity, key))
}

export function images(state: PostgresState, entity: Entity, ids: readonly Id[]): Image[] {
  return ids.flatMap((id): Image[] => {
    const row = state.rows.get(keyOf(entity, id))
    const tombstone = state.tombstones.get(keyOf(entity, id))
    if (row) return [{ id, pending: true, issues: [], ...row }]
    return tombstone ? [{ id, version: tombstone, pending: true, record: null, rest: null, issues: [] }] : []
  })
}

export function clear(state: PostgresState, entity: Entity, cleared: readonly Cleared[]): void {
  for (const { id, version } of cleared) {
    const key = keyOf(entity, id)
    if (compareVersions(state.notes.get(key)?.version ?? unversioned, version) <= 0) state.notes.delete(key)
  }
}

/** Ages of notes, in milliseconds, by id. */
export function ages({ notes }: PostgresState, entity: Entity, ids?: readonly Id[]): Map<Id, number> {
  const mine = [...notes].filter(([key]) => isOf(entity, key) && (!ids || ids.includes(idOf(entity, key))))
  return new Map(mine.map(([key, { since }]) => [idOf(entity, key), Date.now() - since]))
}

export function scan({ rows }: PostgresState, entity: Entity, after: Id | null, limit: number): Image[] {
  return [...rows]
    .filter(([key, { record }]) => isOf(entity, key) && (after === null || record.id > after))
    .sort(([, a], [, b]) => Number(a.record.id > b.record.id) - Number(a.record.id < b.record.id))
    .slice(0, limit)
    .map(([, row]) => ({ id: row.record.id, pending: false, issues: [], ...row }))
}

/** What a transaction has of the server's state, from its first step on. */
export interface Snapshot {
  readonly base: PostgresState
  readonly present: PostgresState
}

export const snapshotOf = (state: PostgresState): Snapshot => ({ base: copyState(state), present: copyState(state) })

/**
 * A real server has the later of two writers of one record wait, and goes on with what the first has left; here one of
 * them is refused at the end: either way none is lost.
 *
 * @param written types, each with the stamp of its writer: their flag is held to the end there, and looked at here.
 */
export function commit(
  state: PostgresState,
  { base, present }: Snapshot,
  written: readonly (readonly [Entity, Stamp])[],
): void {
  for (const [entity, stamp] of written) mayWrite(state, entity, stamp)
  const kept = ['rows', 'tombstones', 'notes'] as const
  const changes = kept.flatMap((of) =>
    [...new Set([...base[of].keys(), ...present[of].keys()])]
      .filter((key) => base[of].get(key) !== present[of].get(key))
      .map((key) => ({ of, key })),
  )
  // A note is kept by whoever comes last, and its mark is taken off at any time
  const isStale = changes.some(({ of, key }) => of !== 'notes' && state[of].get(key) !== base[of].get(key))
  if (isStale) throw new CrossfadeError('TRY_AGAIN', 'Another write came in between; nothing was written, try again.')
  for (const { of, key } of changes) {
    const value = present[of].get(key)
    if (value === undefined) state[of].delete(key)
    else (state[of] as Map<string, unknown>).set(key, value)
  }
}
