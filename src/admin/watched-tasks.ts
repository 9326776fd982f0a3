import { messageOf } from '../util/errors.ts'
import type { Watching } from './jobs-apart.ts'
import { type Task, Tasks } from './tasks.ts'

/** A job that runs apart, as far as it is. */
export interface Watched<Progress, Found> {
  /** What of the key is meant; null: all. */
  readonly part: string | null
  /** Null before it has told of any. */
  present: Progress | null
  /** Null until it has ended. */
  found: Found | null
  readonly stop: AbortController
}

interface WatchedOptions {
  /** See `Tasks`. */
  readonly doing: string
  /** What is told of one that somebody has stopped. */
  readonly stopped: string
  /** What the error of a store says to an operator; null for what is no store's. */
  readonly tell: (error: unknown) => string | null
}

/** Jobs that run apart and can be stopped, by a key each. */
export class WatchedTasks<Progress, Found> extends Tasks<Watched<Progress, Found>> {
  constructor({ doing, stopped, tell }: WatchedOptions) {
    super({
      doing,
      failed: ({ progress: { stop } }, error) => (stop.signal.aborted ? stopped : (tell(error) ?? messageOf(error))),
    })
  }

  /** @throws TRY_AGAIN while another one of the key is under way here. */
  watch(
    key: string,
    part: string | null,
    by: string,
    job: (watching: Watching<Progress>) => Promise<Found>,
  ): Task<Watched<Progress, Found>> {
    const nothingYet = { part, present: null, found: null, stop: new AbortController() }
    return this.start(key, by, nothingYet, async (own) => {
      own.found = await job({
        signal: own.stop.signal,
        onProgress: (progress) => {
          own.present = progress
        },
      })
    })
  }

  /** @returns whether one of the key was under way. */
  stop(key: string): boolean {
    const task = this.running(key)
    task?.progress.stop.abort()
    return task !== null
  }
}
