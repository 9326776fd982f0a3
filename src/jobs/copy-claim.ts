import { aborted } from '../util/aborted.ts'
import { awaitWithin } from '../util/await-within.ts'
import { CrossfadeError } from '../util/errors.ts'
import type { BackfillOptions } from './backfill-options.ts'

const claimMs = 60_000

/** Who pressed Ctrl-C waits so long for what a job gives back, and as long for the claim: both are free by themselves later. */
const leaveMs = 400

/** What a job does with the claim that it works under. */
export interface CopyClaim {
  /** Keeps it; to be called at least every half minute. False where another job has it. */
  readonly renew: () => Promise<boolean>
  /** Others of the same name may be at it when the job ends: asked then, and where they are the claim stays. */
  readonly keep: (isShared: () => boolean) => void
}

/**
 * Does what makes the mirror of a type equal while no job of another name does: a copy, which many processes may share, or
 * a repair.
 *
 * @throws TRY_AGAIN where another one is at it; the reason of the signal as soon as that is aborted.
 */
export async function underCopyClaim<T>(
  { stores, entity, signal }: Pick<BackfillOptions, 'stores' | 'entity' | 'signal'>,
  name: string,
  work: (claim: CopyClaim) => Promise<T>,
): Promise<T> {
  const { ledger } = stores.postgres
  const key = `backfill/${entity.name}`
  const renew = (): Promise<boolean> => ledger.claim(key, name, claimMs)
  if (!(await renew())) {
    const text = `A backfill or a repair of ${entity.name} is running already, or was killed less than a minute ago.`
    throw new CrossfadeError('TRY_AGAIN', text)
  }
  let isShared = (): boolean => false
  const claim = {
    renew,
    keep(asked: () => boolean) {
      isShared = asked
    },
  }
  const working = work(claim)
  try {
    return await Promise.race([working, aborted(signal)])
  } finally {
    const ended = working.then(
      () => undefined,
      () => undefined,
    )
    await awaitWithin(ended, leaveMs)
    if (!isShared())
      await awaitWithin(
        ledger.release(key, name).catch(() => undefined),
        leaveMs,
      )
  }
}
