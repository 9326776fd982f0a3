import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Entity } from '../entity/entity.ts'
import { type Ledger, type Logged, parseAs } from '../stores/ledger.ts'
import type { Store } from '../stores/store.ts'
import { type Origin, origins } from '../util/origin.ts'
import { type Conflict, conflictLog, parseConflict } from './conflicts.ts'
import { idIn } from './record-key.ts'

export const closedKind = 'conflict-closed'

/** How a conflict was closed, and why. */
export interface Closed {
  readonly keep: 'authority' | 'mirror'
  readonly why: string
}

/** A copy that was replaced, and what was decided about it. */
export interface KeptConflict {
  /** Names the copy among all: the first digits of a digest of what is kept. */
  readonly conflict: string
  /** The record's, as text. */
  readonly id: string
  readonly at: Date
  /** The store whose ledger keeps it. */
  readonly origin: Origin
  /** Null where another version of Crossfade wrote it in another form. */
  readonly copy: Conflict | null
  /** Null while it is open. */
  readonly closed: Closed | null
}

const form: z.ZodType<Closed> = z.object({ keep: z.enum(['authority', 'mirror']), why: z.string() })

/** Closed by another version, in a form of its own. */
const unknownForm: Closed = { keep: 'authority', why: 'in a form that this version does not know' }

const newest = 10_000

function nameOf({ key, at, value }: Logged): string {
  const text = [key, at.toISOString(), JSON.stringify(value)].join('\n')
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

/** What one store's ledger keeps of all types: of the time in which it had authority. */
export interface ConflictLog {
  readonly origin: Origin
  readonly logged: readonly Logged[]
  readonly decided: ReadonlyMap<string, Closed>
}

export async function readConflicts({ ledger, origin }: Pick<Store, 'ledger' | 'origin'>): Promise<ConflictLog> {
  const [logged, closed] = await Promise.all([ledger.tail(conflictLog, newest), ledger.list(closedKind)])
  const decided = new Map(closed.map(({ key, value }) => [key, parseAs(form, value) ?? unknownForm]))
  return { origin, logged, decided }
}

/** Those of one type. */
export const keptAmong = ({ origin, logged, decided }: ConflictLog, entity: Entity): KeptConflict[] =>
  logged.flatMap((line): KeptConflict[] => {
    const id = idIn(entity, line.key)
    if (id === null) return []
    const conflict = nameOf(line)
    return [{ conflict, id, at: line.at, origin, copy: parseConflict(line), closed: decided.get(conflict) ?? null }]
  })

/** The same of one store's ledger. */
export const keptIn = async (store: Store, entity: Entity): Promise<KeptConflict[]> =>
  keptAmong(await readConflicts(store), entity)

/** Those of a type among the newest 10,000 of each store, newest first. */
export async function keptConflicts(
  stores: Readonly<Record<Origin, Store>>,
  entity: Entity,
): Promise<readonly KeptConflict[]> {
  const kept = await Promise.all(origins.map((origin) => keptIn(stores[origin], entity)))
  return kept.flat().toSorted((a, b) => b.at.getTime() - a.at.getTime())
}

/** @returns false where it was closed already. */
export const closeConflict = (ledger: Ledger, conflict: string, closed: Closed): Promise<boolean> =>
  ledger.compareAndSet(closedKind, conflict, null, { ...closed })
