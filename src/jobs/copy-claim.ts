import { awaitWithin } from '../util/await-within.ts'
import { CrossfadeError } from '../util/errors.ts'
import { aborted } from './aborted.ts'
import type { BackfillOptions } from './checkpoint.ts'

const claimMs = 60_000

/**
 * Does what makes the mirror of a type equal while nobody else does: a backfill, or a repair.
 *
 * @param work is given what keeps the claim; to be called at least every half minute.
 * @throws TRY_AGAIN where another one is at it; the reason of the signal as soon as that is aborted.
 */
export async function underCopyClaim<T>(
  { stores, entity, signal }: Pick<BackfillOptions, 'stores' | 'entity' | 'signal'>,
  work: (renew: () => Promise<boolean>) => Promise<T>,
): Promise<T> {
  const { ledger } = stores.postgres
  const owner = `${process.pid}-${Math.random().toString(36).slice(2)}`
  const key = `backfill/${entity.name}`
  const claim = (): Promise<boolean> => ledger.claim(key, owner, claimMs)
  if (!(await claim())) {
    const text = `A backfill or a repair of ${entity.name} is running already, or was killed less than a minute ago.`
    throw new CrossfadeError('TRY_AGAIN', text)
  }
  try {
    return await Promise.race([work(claim), aborted(signal)])
  } finally {
    // A store that hangs must not keep who pressed Ctrl-C waiting: the claim expires by itself
    await awaitWithin(
      ledger.release(key, owner).catch(() => undefined),
      500,
    )
  }
}
