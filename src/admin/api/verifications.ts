import { typeOf } from '../../entity/type-of.ts'
import { unequalIn } from '../../evidence/verified.ts'
import type { VerifyProgress } from '../../jobs/verification.ts'
import { isClean, type Verified } from '../../jobs/verify.ts'
import { CrossfadeError, messageOf } from '../../util/errors.ts'
import { Tasks } from '../tasks.ts'
import type { Asker, Served } from './served.ts'

/** Each reads both stores as fast as they answer. */
const mostAtOnce = 2

/** One verification, as far as it is. */
export interface Verifying {
  /** Null before the first batch. */
  present: VerifyProgress | null
  /** Null until it has ended. */
  found: Verified | null
  readonly stop: AbortController
}

const shown = (found: Verified) => {
  const { different, duplicates, relations, examples, ...counts } = found
  return {
    ...counts,
    ...different,
    isClean: isClean(found),
    duplicates: duplicates?.length ?? 0,
    dangling: relations.dangling.length,
    examples: examples.map(({ id, ...rest }) => ({ id: String(id), ...rest })),
  }
}

/** Verifications that were asked for at this gateway. */
export function verifications({ app, jobs, tell, log }: Pick<Served, 'app' | 'jobs' | 'tell' | 'log'>) {
  const tasks = new Tasks<Verifying>({
    doing: 'is being verified',
    failed: ({ progress: { stop } }, error) =>
      stop.signal.aborted ? 'It was stopped: nothing was verified.' : (tell(error) ?? messageOf(error)),
  })

  return {
    list: () => tasks.list(),

    start(type: string, { name: by }: Asker) {
      const { name } = typeOf(app.entities, type)
      if (tasks.countRunning >= mostAtOnce && !tasks.running(name))
        throw new CrossfadeError(
          'TRY_AGAIN',
          `${mostAtOnce} verifications are under way at this gateway; see how they end.`,
        )
      const verifying: Verifying = { present: null, found: null, stop: new AbortController() }
      const task = tasks.start(name, by, verifying, async (own) => {
        own.found = await jobs.verify(name, {
          signal: own.stop.signal,
          onProgress: (progress) => {
            own.present = progress
          },
        })
      })
      log('info', `${by} has ${name} verified, by the admin port.`)
      return task
    },

    /** @returns whether one was under way. */
    stop(type: string): boolean {
      const { name } = typeOf(app.entities, type)
      const task = tasks.running(name)
      task?.progress.stop.abort()
      return task !== null
    },
  }
}

type Verification = ReturnType<ReturnType<typeof verifications>['start']>

/** By the records that were found where it has ended, else by those that it has told of. */
export const verificationFields = {
  type: ({ key }: Verification) => key,
  compared: ({ progress: { found, present } }: Verification) => found?.compared ?? present?.compared ?? 0,
  total: ({ progress: { present } }: Verification) => present?.total ?? null,
  unequal: ({ progress: { found, present } }: Verification) => (found ? unequalIn(found) : (present?.unequal ?? 0)),
  found: ({ progress: { found } }: Verification) => found && shown(found),
}
