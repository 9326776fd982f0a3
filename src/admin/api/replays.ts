import type { Replayed, ReplayProgress } from '../../replay/replayed.ts'
import { isEqual } from '../../replay/replayed.ts'
import { selects } from '../../replay/selects.ts'
import { messageOf } from '../../util/errors.ts'
import { Tasks } from '../tasks.ts'
import type { Asker, Served } from './served.ts'

/** One at a time: it has the stores that serve clients asked for whole answers. */
const key = 'What was recorded'

/** One replay, as far as it is. */
export interface Replaying {
  readonly field: string | null
  present: ReplayProgress
  /** Null until it has ended. */
  found: Replayed | null
  readonly stop: AbortController
}

const shown = (found: Replayed) => {
  const { mutations, subscriptions, tokens, unfit, others, stale } = found.skipped
  return {
    ...found,
    isEqual: isEqual(found),
    notCompared: { mutations, subscriptions, tokens, unfit, others, refusedAlike: found.refusedAlike },
    stale: Object.entries(stale).map(([type, operations]) => ({ type, operations })),
    problems: found.problems.map(({ place, text }) => `${place}: ${text}`),
  }
}

/** Replays that were asked for at this gateway, of what the gateways of its data directory have recorded. */
export function replays({ app, jobs, tell, log }: Pick<Served, 'app' | 'jobs' | 'tell' | 'log'>) {
  const tasks = new Tasks<Replaying>({
    doing: 'is being replayed',
    failed: ({ progress: { stop } }, error) =>
      stop.signal.aborted ? 'It was stopped: nothing is known of it.' : (tell(error) ?? messageOf(error)),
  })

  return {
    list: () => tasks.list(),

    /** @throws BAD_USER_INPUT for a field that the contract does not have; TRY_AGAIN while one is under way. */
    start(field: string | null, { name: by }: Asker) {
      if (field !== null) selects(app.schema, field)
      const replaying: Replaying = {
        field,
        present: { done: 0, different: 0 },
        found: null,
        stop: new AbortController(),
      }
      const task = tasks.start(key, by, replaying, async (own) => {
        own.found = await jobs.replay(field, {
          signal: own.stop.signal,
          onProgress: (progress) => {
            own.present = progress
          },
        })
      })
      log('info', `${by} has ${field === null ? 'what was recorded' : `recorded reads of ${field}`} replayed.`)
      return task
    },

    /** @returns whether one was under way. */
    stop(): boolean {
      const task = tasks.running(key)
      task?.progress.stop.abort()
      return task !== null
    },
  }
}

type Replay = ReturnType<ReturnType<typeof replays>['start']>

export const replayFields = {
  field: ({ progress }: Replay) => progress.field,
  done: ({ progress: { present } }: Replay) => present.done,
  different: ({ progress: { present } }: Replay) => present.different,
  found: ({ progress: { found } }: Replay) => found && shown(found),
}
