import { typeOf } from '../../entity/type-of.ts'
import { unequalIn } from '../../evidence/verified.ts'
import type { VerifyProgress } from '../../jobs/verification.ts'
import { isClean, type Verified } from '../../jobs/verify.ts'
import { CrossfadeError } from '../../util/errors.ts'
import { WatchedTasks } from '../watched-tasks.ts'
import type { Asker, Served } from './served.ts'

/** Each reads both stores as fast as they answer. */
const mostAtOnce = 2

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
  const stopped = 'It was stopped: nothing was verified.'
  const tasks = new WatchedTasks<VerifyProgress, Verified>({ doing: 'is being verified', stopped, tell })

  return {
    list: () => tasks.list(),

    start(type: string, { name: by }: Asker) {
      const { name } = typeOf(app.entities, type)
      if (tasks.countRunning >= mostAtOnce && !tasks.running(name))
        throw new CrossfadeError(
          'TRY_AGAIN',
          `${mostAtOnce} verifications are under way at this gateway; see how they end.`,
        )
      const task = tasks.watch(name, null, by, (watching) => jobs.verify(name, watching))
      log('info', `${by} has ${name} verified, by the admin port.`)
      return task
    },

    /** @returns whether one was under way. */
    stop: (type: string) => tasks.stop(typeOf(app.entities, type).name),
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
