import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Entity } from '../entity/entity.ts'
import { type Ledger, type LogLine, parseAs } from '../stores/ledger.ts'
import type { Store } from '../stores/store.ts'
import { type Origin, origins } from '../util/origin.ts'
import { type Conflict, conflictLog, parseConflict } from './conflicts.ts'
import { idIn, keyOf } from './record-key.ts'

/** Kind of the entries that close conflicts, by the lines of these. */
export const closedKind = 'conflict-closed'

/** How a conflict was closed, and why. */
export interface Closed {
  readonly keep: 'authority' | 'mirror'
  readonly why: string
}

/** A copy that was replaced, without what it holds, and what was decided about it. */
export interface KeptConflict {
  /** Names the copy among all: the first digits of a digest of where it is kept. */
  readonly conflict: string
  /** The record's, as text. */
  readonly id: string
  readonly at: Date
  /** The store whose ledger keeps it. */
  readonly origin: Origin
  /** Its entry there: `copyOf` reads it. */
  readonly line: string
  /** Null while it is open. */
  readonly closed: Closed | null
}

const form: z.ZodType<Closed> = z.object({ keep: z.enum(['authority', 'mirror']), why: z.string() })

/** Closed by another version, in a form of its own. */
const unknownForm: Closed = { keep: 'authority', why: 'in a form that this version does not know' }

const pageSize = 1_000

/** Without the copy, which may be many megabytes: whoever looks for a name reads none. */
const nameOf = (origin: Origin, { line, key, at }: LogLine): string =>
  createHash('sha256').update([origin, line, key, at.toISOString()].join('\n')).digest('hex').slice(0, 12)

type Keeping = Pick<Store, 'ledger' | 'origin'>

/** Those of one type that a store keeps, newest first: of the time in which it had authority. */
export async function* keptIn({ ledger, origin }: Keeping, entity: Entity): AsyncGenerator<KeptConflict, void> {
  const closings = await ledger.list(closedKind)
  const decided = new Map(closings.map(({ key, value }) => [key, parseAs(form, value) ?? unknownForm]))
  let last: LogLine | undefined
  for (;;) {
    const page = await ledger.lines(conflictLog, keyOf(entity, ''), pageSize, last)
    for (const each of page) {
      const { line, key, at } = each
      const id = idIn(entity, key)!
      yield { conflict: nameOf(origin, each), id, at, origin, line, closed: decided.get(line) ?? null }
    }
    last = page.at(-1)
    if (page.length < pageSize) return
  }
}

type Keepers = Readonly<Record<Origin, Keeping>>

async function newestIn(
  store: Keeping,
  entity: Entity,
  isWanted: (kept: KeptConflict) => boolean,
  limit: number,
): Promise<KeptConflict[]> {
  const found: KeptConflict[] = []
  for await (const kept of keptIn(store, entity)) if (isWanted(kept) && found.push(kept) === limit) break
  return found
}

/** Those of a type that are wanted in both stores, newest first: `limit` of them at most. */
export async function keptConflicts(
  stores: Keepers,
  entity: Entity,
  isWanted: (kept: KeptConflict) => boolean = () => true,
  limit = Number.POSITIVE_INFINITY,
): Promise<readonly KeptConflict[]> {
  const kept = await Promise.all(origins.map((origin) => newestIn(stores[origin], entity, isWanted, limit)))
  return kept
    .flat()
    .toSorted((a, b) => b.at.getTime() - a.at.getTime())
    .slice(0, limit)
}

/** Null where another version of Crossfade wrote it in another form, undefined where it is gone by now. */
export async function copyOf(stores: Keepers, { origin, line }: KeptConflict): Promise<Conflict | null | undefined> {
  const logged = await stores[origin].ledger.line(conflictLog, line)
  return logged ? parseConflict(logged) : undefined
}

/** How many a store keeps that nobody has closed, by type: counted there, and none of them is read. */
export async function openCounts({ ledger }: Keeping): Promise<ReadonlyMap<string, number>> {
  const closings = await ledger.list(closedKind)
  return ledger.lengths(
    conflictLog,
    closings.map(({ key }) => key),
  )
}

/** @returns false where it was closed already. */
export const closeConflict = (ledger: Ledger, { line }: KeptConflict, closed: Closed): Promise<boolean> =>
  ledger.compareAndSet(closedKind, line, null, { ...closed })
