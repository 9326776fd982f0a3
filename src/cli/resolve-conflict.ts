import { fromCanonical } from '../compare/from-canonical.ts'
import type { Entity } from '../entity/entity.ts'
import { parseId } from '../entity/parse-id.ts'
import { openInstance } from '../gateway/open-instance.ts'
import { type Closed, closeConflict, type KeptConflict } from '../mirror/kept-conflicts.ts'
import { only } from '../routing/declared-writes.ts'
import { noReads } from '../routing/read-limits.ts'
import { write } from '../routing/writes.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { Json } from '../util/json.ts'
import { say } from './output.ts'
import type { Session } from './session.ts'

/** Writes the copy back as any mutation would: held by a move, versioned, and mirrored. */
async function writeBack({ stores, settings }: Session, entity: Entity, text: string, copy: Json): Promise<void> {
  const id = parseId(entity, text)
  const values = copy === null ? null : fromCanonical(entity, copy)
  const instance = await openInstance({
    entities: [entity],
    stores,
    dataDir: settings.CROSSFADE_DATA_DIR,
    limits: noReads,
    log: (level, message) => level === 'warn' && say(message),
    killSwitch: { isOn: () => false, stop: async () => undefined },
  })
  try {
    await write(instance.routing, only(entity), async (transaction) => {
      const writes = transaction.of(entity)
      if (values === null) await writes.delete(id)
      // The types of a mapping that is known at run time alone; each value is parsed all the same
      else (await writes.patch(id, values as never)) ?? (await writes.create(values as never, id))
    })
  } finally {
    await instance.leave()
  }
}

/**
 * Closes a conflict: the authority's record stays, or the mirror's copy takes its place. Where it is cut off behind the
 * write, it can be run again.
 *
 * @throws BAD_USER_INPUT where it is closed, or kept in a form that can't be written.
 */
export async function resolveConflict(
  session: Session,
  entity: Entity,
  { conflict, id, copy, origin, closed }: KeptConflict,
  decision: Closed,
): Promise<void> {
  const done = (by: string): CrossfadeError =>
    new CrossfadeError('BAD_USER_INPUT', `Conflict ${conflict} is closed already: ${by}.`)
  if (closed) throw done(`${closed.keep} was kept, "${closed.why}"`)
  if (decision.keep === 'mirror') {
    if (!copy)
      throw new CrossfadeError(
        'BAD_USER_INPUT',
        `Conflict ${conflict} is kept in a form that this version does not know: close it with --keep authority.`,
      )
    await writeBack(session, entity, id, copy.record)
  }
  if (!(await closeConflict(session.stores[origin].ledger, conflict, decision))) throw done('by someone else just now')
}
