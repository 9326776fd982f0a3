import type { Flag } from './flag.ts'
import { type FinishOptions, patienceOf, patiently } from './flag-commit.ts'
import { authorityOf } from './flag-store.ts'
import { isOfGroup } from './groups.ts'

/** What the history keeps of a change besides the flag. */
export interface Noted {
  readonly why?: string | null
  /**
   * The stage was changed although gates are not met, or the store that has authority is gone: what the other store lacks
   * is lost to readers.
   */
  readonly force?: boolean
  /** Nobody but gateways writes to the type's stores, or what others write is not to be mirrored. */
  readonly noOtherWriters?: boolean
  /** What was asked for and not met, a line each. */
  readonly forced?: readonly string[]
  /** Who has made it: somebody, or a gateway by itself. */
  readonly by?: string
}

/** Keeps in the history who changed what. @param was null where the store that had it did not answer. */
export async function note(
  options: FinishOptions,
  was: Flag | null,
  now: Flag,
  { why, force, forced = [], noOtherWriters, by }: Noted,
): Promise<void> {
  const entry = {
    from: was?.stage ?? null,
    to: now.stage,
    epoch: now.epoch,
    ...(isOfGroup(now) ? { members: [...now.members] } : {}),
    readPercent: now.readPercent,
    samplePercent: now.samplePercent,
    why: why ?? null,
    ...(by === undefined ? {} : { by }),
    ...(force ? { forced: true } : {}),
    ...(forced.length > 0 ? { unmet: [...forced] } : {}),
    ...(noOtherWriters ? { noOtherWriters } : {}),
  }
  await patiently(patienceOf(options), () => options.ledgers[authorityOf(now)].append('stage', now.type, entry))
}
