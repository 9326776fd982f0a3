import { z } from 'zod'
import { canonicalRecord } from '../compare/canonical.ts'
import type { Entity } from '../entity/entity.ts'
import { type Ledger, type Logged, parseAs } from '../stores/ledger.ts'
import type { Image, Store } from '../stores/store.ts'
import { compareVersions, formatVersion } from '../stores/version.ts'
import type { Json } from '../util/json.ts'
import { type Origin, origins, otherOrigin } from '../util/origin.ts'
import { keyOf } from './record-key.ts'

export const conflictLog = 'conflict'

/** A copy that was replaced, as it is kept in the ledger. */
export interface Conflict {
  /** The store that had it. */
  readonly mirror: Origin
  readonly version: string
  /** In canonical form; null where it was marked deleted. */
  readonly record: Json
  /** The version of the authority's record then; `none` where there was none. */
  readonly authority: string
}

const form: z.ZodType<Conflict> = z.object({
  mirror: z.enum(origins),
  version: z.string(),
  record: z.json(),
  authority: z.string(),
})

/** Null for one in another form. */
export const parseConflict = ({ value }: Logged): Conflict | null => parseAs(form, value)

export interface ConflictOptions {
  readonly stores: Readonly<Record<Origin, Store>>
  readonly log: (level: 'info' | 'warn', message: string) => void
}

/** Keeps a copy that is about to be replaced. @param authority the version of what takes its place. */
export async function keepCopy(
  ledger: Ledger,
  entity: Entity,
  mirror: Origin,
  { id, version, record }: Image,
  authority: string,
): Promise<void> {
  const copy = record && canonicalRecord(entity, record)
  const note: Conflict = { mirror, version: formatVersion(version), record: copy, authority }
  await ledger.append(conflictLog, keyOf(entity, id), { ...note })
}

/**
 * The mirror's copy is kept in conflicts, and the authority's record gets a version above it, to be put again. Nothing is
 * kept of a delete that the authority remembers as well: the record was created since, and is not above it yet.
 */
export async function keepConflict(
  { stores, log }: ConflictOptions,
  entity: Entity,
  from: Origin,
  present: Image,
  copy: Image,
): Promise<boolean> {
  const { ledger, outbox, authority: writes } = stores[from]
  const authority = formatVersion(present.version)
  const buried = copy.record === null && present.record !== null ? await outbox.buriedAt(entity, present.id) : null
  const isKnown = buried !== null && compareVersions(buried, copy.version) >= 0
  if (!isKnown) await keepCopy(ledger, entity, otherOrigin(from), copy, authority)
  const restamped = await writes.restamp(entity, present.id, present.version, copy.version)
  if (isKnown) return restamped
  const text = `the mirror has ${formatVersion(copy.version)}, the authority ${authority}; the mirror's copy is kept in conflicts.`
  log('warn', `${entity.name} ${present.id}: ${text}`)
  return restamped
}
