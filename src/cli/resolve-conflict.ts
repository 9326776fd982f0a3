import { fromCanonical } from '../compare/from-canonical.ts'
import type { Entity } from '../entity/entity.ts'
import { parseId } from '../entity/parse-id.ts'
import { openInstance } from '../gateway/open-instance.ts'
import { type Conflict, keepCopy } from '../mirror/conflicts.ts'
import { type Closed, closeConflict, copyOf, type KeptConflict } from '../mirror/kept-conflicts.ts'
import { only } from '../routing/declared-writes.ts'
import { noReads } from '../routing/read-limits.ts'
import { write } from '../routing/writes.ts'
import { STAGE_PLAN } from '../stage/stage.ts'
import type { Image } from '../stores/store.ts'
import { compareVersions, formatVersion, parseVersion } from '../stores/version.ts'
import { CrossfadeError } from '../util/errors.ts'
import { say } from './output.ts'
import type { Session } from './session.ts'

/**
 * Whether a record was written since its copy was replaced, which may have raised its version above both by one; one that
 * was there then, and is not, was deleted.
 */
function isWrittenSince(present: Image | undefined, copy: Conflict): boolean {
  if (!present) return parseVersion(copy.authority) !== null
  const { version } = present
  const both = [copy.version, copy.authority].flatMap((text) => parseVersion(text) ?? [])
  const [highest] = both.toSorted((a, b) => compareVersions(b, a))
  return !highest || compareVersions(version, { ...highest, counter: highest.counter + 1 }) > 0
}

/**
 * Writes the copy back as any mutation would: held by a move, versioned, and mirrored.
 *
 * @param force also where the record was written since: what it is by now is kept as another conflict.
 * @throws CONFLICT where it was, or deleted, and it is not forced.
 */
async function writeBack(
  { stores, settings }: Session,
  entity: Entity,
  text: string,
  copy: Conflict,
  force: boolean,
): Promise<void> {
  const id = parseId(entity, text)
  const values = copy.record === null ? null : fromCanonical(entity, copy.record)
  const instance = await openInstance({
    entities: [entity],
    stores,
    dataDir: settings.CROSSFADE_DATA_DIR,
    limits: noReads,
    log: (level, message) => level === 'warn' && say(message),
    killSwitch: { isOn: () => false, stop: async () => undefined, learn: () => undefined, namesByStores: () => [] },
  })
  try {
    await write(instance.routing, only(entity), async (transaction) => {
      const writes = transaction.of(entity)
      const { authority } = STAGE_PLAN[instance.routing.flags.get(entity.name).stage]
      const [present] = await stores[authority].outbox.images(entity, [id])
      if (isWrittenSince(present, copy)) {
        const now = present
          ? `was written since, and is at version ${formatVersion(present.version)}: --force replaces that, and keeps it in conflicts`
          : 'was deleted since, whenever that was: --force makes it again'
        if (!force) throw new CrossfadeError('CONFLICT', `${entity.name} ${id} ${now}.`)
        if (present) await keepCopy(stores[authority].ledger, entity, authority, present, `a copy of ${copy.version}`)
      }
      if (values === null) await writes.delete(id)
      // The types of a mapping that is known at run time alone; each value is parsed all the same
      else (await writes.patch(id, values as never)) ?? (await writes.create(values as never, id))
    })
  } finally {
    await instance.leave()
  }
}

/** @throws BAD_USER_INPUT where there is none that could be written. */
async function copyToWrite({ stores }: Session, kept: KeptConflict): Promise<Conflict> {
  const copy = await copyOf(stores, kept)
  if (copy) return copy
  const unknown = 'is kept in a form that this version does not know: close it with --keep authority.'
  const why = copy === null ? unknown : 'was too old, and is gone by now.'
  throw new CrossfadeError('BAD_USER_INPUT', `Conflict ${kept.conflict} ${why}`)
}

/**
 * Closes a conflict: the authority's record stays, or the mirror's copy takes its place. Where it is cut off behind the
 * write, it can be run again.
 *
 * @param force see `writeBack`.
 * @returns the copy that was written back; null where the authority's record stays.
 * @throws BAD_USER_INPUT where it is closed, or kept in a form that can't be written; CONFLICT see `writeBack`.
 */
export async function resolveConflict(
  session: Session,
  entity: Entity,
  kept: KeptConflict,
  decision: Closed,
  force: boolean,
): Promise<Conflict | null> {
  const { conflict, id, origin, closed } = kept
  const done = (by: string): CrossfadeError =>
    new CrossfadeError('BAD_USER_INPUT', `Conflict ${conflict} is closed already: ${by}.`)
  if (closed) throw done(`${closed.keep} was kept, "${closed.why}"`)
  const copy = decision.keep === 'mirror' ? await copyToWrite(session, kept) : null
  if (copy) await writeBack(session, entity, id, copy, force)
  if (!(await closeConflict(session.stores[origin].ledger, kept, decision))) throw done('by someone else just now')
  return copy
}
