import type { Entity } from '../entity/entity.ts'
import { copyKind } from '../evidence/copied.ts'
import type { Ledger } from '../stores/ledger.ts'
import type { Progress } from './backfill-options.ts'
import { CopyBoard } from './copy-board.ts'
import { parseCopy } from './copy-record.ts'

export interface LastCopy extends Progress {
  /** When it was complete; null while it is not. */
  readonly ended: string | null
}

/** How far the last copy of a type is, by all who work on it; null where there is none. */
export async function copyProgress(ledger: Ledger, entity: Entity): Promise<LastCopy | null> {
  const entry = await ledger.get(copyKind, entity.name)
  const copy = entry && parseCopy(entry.value)
  if (!copy) return null
  const board = new CopyBoard(ledger, entity, copy, 'nobody')
  await board.look()
  return { ...board.progress, ended: copy.ended }
}
