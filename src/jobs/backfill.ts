import type { Flag } from '../control/flag.ts'
import { authorityOf, ledgersOf, markFresh } from '../control/flag-store.ts'
import { copyKind } from '../evidence/copied.ts'
import { adoptRest } from '../stores/postgres/adopt-rest.ts'
import { CrossfadeError } from '../util/errors.ts'
import { type BackfillOptions, type Checkpoint, earlierIn, firstCheckpoint, type Progress } from './checkpoint.ts'
import { copiedFlag } from './copied-flag.ts'
import { copyAll, type Keep } from './copy-all.ts'
import { underCopyClaim } from './copy-claim.ts'
import { overtaken } from './overtaken.ts'
import { untilOwed } from './until-owed.ts'

/**
 * Makes the store without authority equal to the one with it, in batches by id. What the authority has is put where the
 * other store has nothing as new; what differs at the same version, or without one, is kept in conflicts and replaced;
 * what the authority does not have goes. What the other store refuses is owed to it. Then the flag says that the mirror
 * is fresh. Can be killed at any point and run again; memory is bounded by a few batches.
 *
 * @throws TRY_AGAIN where another copy of the type is running, its stage was changed meanwhile, or a gateway goes on under
 * an older flag; BAD_USER_INPUT in a stage that has no use for it.
 */
export async function backfill(options: BackfillOptions): Promise<Progress> {
  const flag = await copiedFlag(options)
  return underCopyClaim(options, (renew) => run(options, flag, renew))
}

async function run(options: BackfillOptions, flag: Flag | null, renew: () => Promise<boolean>): Promise<Progress> {
  const { stores, entity } = options
  if (flag) await untilOwed(options, flag)
  await adoptRest(stores.postgres.connection, entity)
  const { at, keep } = await keptCheckpoint(options, flag)
  const done = await copyAll(options, at, keep, renew)
  if (flag && !(await markFresh(ledgersOf(stores), flag.type, entity.name, flag.epoch))) throw overtaken(entity.name)
  return done
}

/** Where the copy begins, and what writes down how far it is. */
async function keptCheckpoint(
  { stores, entity }: BackfillOptions,
  flag: Flag | null,
): Promise<{ at: Checkpoint; keep: Keep }> {
  const { ledger } = stores.postgres
  const entry = await ledger.get(copyKind, entity.name)
  const first = firstCheckpoint(entity, flag ? authorityOf(flag) : 'mongo', flag?.epoch ?? null)
  const total = first.from === 'mongo' ? await stores.mongo.estimate(entity) : null
  let revision = entry?.revision ?? null
  return {
    at: { ...(entry ? (earlierIn(first, entry.value) ?? first) : first), total },
    async keep(at) {
      if (!(await ledger.compareAndSet(copyKind, entity.name, revision, { ...at })))
        throw new CrossfadeError('CONFLICT', `The checkpoint of ${entity.name} was changed by another backfill.`)
      revision = (revision ?? 0) + 1
    },
  }
}
