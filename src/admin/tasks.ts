import { CrossfadeError } from '../util/errors.ts'

/** Something long that somebody has asked for at this port. */
export interface Task<Progress> {
  /** What it is done to: the type, or the key of its flag. */
  readonly key: string
  readonly by: string
  readonly startedAt: Date
  /** Null while it is under way. */
  readonly endedAt: Date | null
  /** Why it was not done. */
  readonly error: string | null
  /** How it goes, which its work writes. */
  readonly progress: Progress
}

/** Those that are told of behind their end. */
const mostKept = 20

interface TasksOptions<Progress> {
  /** What is done to a key while a task is under way: `is being changed`. */
  readonly doing: string
  /** What an error says to whoever asked. */
  readonly failed: (task: Task<Progress>, error: unknown) => string
}

/** What takes longer than anybody waits for an answer: whoever asks for it looks how it goes. */
export class Tasks<Progress> {
  readonly #options: TasksOptions<Progress>
  readonly #tasks: { -readonly [K in keyof Task<Progress>]: Task<Progress>[K] }[] = []

  constructor(options: TasksOptions<Progress>) {
    this.#options = options
  }

  /** The newest first. */
  list(): readonly Task<Progress>[] {
    return this.#tasks.toReversed()
  }

  /** Null where none of the key is under way. */
  running(key: string): Task<Progress> | null {
    return this.#tasks.find((each) => each.key === key && each.endedAt === null) ?? null
  }

  get countRunning(): number {
    return this.#tasks.filter(({ endedAt }) => endedAt === null).length
  }

  /** @throws TRY_AGAIN while another one of the key is under way here. */
  start(key: string, by: string, progress: Progress, work: (progress: Progress) => Promise<void>): Task<Progress> {
    const { doing, failed } = this.#options
    if (this.running(key)) throw new CrossfadeError('TRY_AGAIN', `${key} ${doing}; see how that ends, and try again.`)
    const task = {
      key,
      by,
      startedAt: new Date(),
      endedAt: null as Date | null,
      error: null as string | null,
      progress,
    }
    this.#tasks.push(task)
    if (this.#tasks.length > mostKept) {
      const ended = this.#tasks.findIndex(({ endedAt }) => endedAt !== null)
      if (ended >= 0) this.#tasks.splice(ended, 1)
    }
    const end = (error: string | null): void => {
      task.endedAt = new Date()
      task.error = error
    }
    work(progress).then(
      () => end(null),
      (error) => end(failed(task, error)),
    )
    return task
  }
}
