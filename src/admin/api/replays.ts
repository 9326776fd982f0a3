import { isEqual, type Replayed, type ReplayProgress } from '../../replay/replayed.ts'
import { selects } from '../../replay/selects.ts'
import { WatchedTasks } from '../watched-tasks.ts'
import type { Asker, Served } from './served.ts'

/** One at a time: it has the stores that serve clients asked for whole answers. */
const key = 'What was recorded'

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
  const stopped = 'It was stopped: nothing is known of it.'
  const tasks = new WatchedTasks<ReplayProgress, Replayed>({ doing: 'is being replayed', stopped, tell })

  return {
    list: () => tasks.list(),

    /** @throws BAD_USER_INPUT for a field that the contract does not have; TRY_AGAIN while one is under way. */
    start(field: string | null, { name: by }: Asker) {
      if (field !== null) selects(app.schema, field)
      const task = tasks.watch(key, field, by, (watching) => jobs.replay(field, watching))
      log('info', `${by} has ${field === null ? 'what was recorded' : `recorded reads of ${field}`} replayed.`)
      return task
    },

    /** @returns whether one was under way. */
    stop: () => tasks.stop(key),
  }
}

type Replay = ReturnType<ReturnType<typeof replays>['start']>

export const replayFields = {
  field: ({ progress: { part } }: Replay) => part,
  done: ({ progress: { present } }: Replay) => present?.done ?? 0,
  different: ({ progress: { present } }: Replay) => present?.different ?? 0,
  found: ({ progress: { found } }: Replay) => found && shown(found),
}
