import type { Flag } from '../control/flag.ts'
import { authorityOf } from '../control/flag-store.ts'
import { copyKind } from '../evidence/copied.ts'
import { type Origin, otherOrigin } from '../util/origin.ts'
import type { BackfillOptions } from './backfill-options.ts'
import { copiedFlag } from './copied-flag.ts'
import { CopyBoard } from './copy-board.ts'
import { type CopyRecord, firstCopy, goesOn, parseCopy } from './copy-record.ts'

type Copied = Pick<BackfillOptions, 'stores' | 'entity'>

/** How the copies of a type stand. */
export interface Standing {
  /** The copy that would begin now. */
  readonly first: CopyRecord
  /** The last one there was. */
  readonly last: CopyRecord | null
  /** The same where it is one that a copy would go on with now. */
  readonly running: CopyRecord | null
  readonly revision: number | null
}

/** @param flag in force; null where there is none. */
export async function standing({ stores, entity }: Copied, flag: Flag | null): Promise<Standing> {
  const first = firstCopy(entity, flag ? authorityOf(flag) : 'mongo', flag?.epoch ?? null)
  const entry = await stores.postgres.ledger.get(copyKind, entity.name)
  const last = entry && parseCopy(entry.value)
  return { first, last, revision: entry?.revision ?? null, running: last && goesOn(last, first) ? last : null }
}

/** What a copy would do. */
export interface CopyPlan {
  readonly type: string
  readonly from: Origin
  readonly to: Origin
  /** Records of the store that is copied, about; null where nobody can tell without counting them. */
  readonly total: number | null
  /** Records that an unfinished copy has seen, which it would go on behind; null where it would begin. */
  readonly seen: number | null
}

/** Looks, and writes nothing. @throws what `backfill` would at its beginning. */
export async function copyPlan({ stores, entity }: Copied): Promise<CopyPlan> {
  const flag = await copiedFlag({ stores, entity })
  const { first, running } = await standing({ stores, entity }, flag)
  const { from } = first
  const plan = { type: entity.name, from, to: otherOrigin(from) }
  if (!running) return { ...plan, total: from === 'mongo' ? await stores.mongo.estimate(entity) : null, seen: null }
  const board = new CopyBoard(stores.postgres.ledger, entity, running, 'nobody')
  await board.look()
  return { ...plan, total: running.total, seen: board.progress.seen }
}
