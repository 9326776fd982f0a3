import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { MongoError, MongoErrorLabel } from 'mongodb'
import { CrossfadeError } from '../../util/errors.ts'
import type { DoneByHand, Image, Steps } from '../store.ts'

/** How often a step, or the commit, is tried, and how long it waits in between at most, in milliseconds. */
const [maxTries, pauseMs] = [6, 50]

/** The server has ended the transaction, and nothing of it stands: it may be run anew as a whole. */
const isTransient = ({ cause }: CrossfadeError): boolean =>
  cause instanceof MongoError && cause.hasErrorLabel(MongoErrorLabel.TransientTransactionError)

type Given = Image | null | readonly Image[] | DoneByHand<unknown>

/** What a step gave, as far as it may differ: a record is the same at the same version. */
function seen(given: Given): unknown {
  if (given && 'result' in given) return [given.result, seen(given.images)]
  return [given].flat().map((image) => image && [image.id, image.version, image.record === null])
}

interface Done {
  readonly run: (steps: Steps) => Promise<Given>
  readonly gave: unknown
}

/**
 * The steps of a transaction that is run anew where the server ends it for what others did meanwhile, by its steps: whoever
 * makes them has other effects, perhaps, and is not asked again. What a step gives again is held against what it gave: he
 * has gone by that.
 */
export class ReplayedSteps {
  readonly steps: Steps
  readonly #begin: () => Steps
  readonly #abort: () => Promise<void>
  readonly #done: Done[] = []
  #present: Steps

  /** @param begin a new transaction. @param abort the present one. */
  constructor(begin: () => Steps, abort: () => Promise<void>) {
    this.#begin = begin
    this.#abort = abort
    this.#present = begin()
    const step =
      <Args extends readonly unknown[], T extends Given>(of: (steps: Steps) => (...args: Args) => Promise<T>) =>
      async (...args: Args): Promise<T> => {
        const run = (steps: Steps): Promise<T> => of(steps)(...args)
        const given = await this.attempt(() => run(this.#present))
        this.#done.push({ run, gave: seen(given) })
        return given
      }
    this.steps = {
      isAtomic: true,
      create: step(({ create }) => create),
      patch: step(({ patch }) => patch),
      delete: step((steps) => steps.delete),
      images: step(({ images }) => images),
      byHand: step(({ byHand }) => byHand) as Steps['byHand'],
    }
  }

  /** Behind all steps so far, which are run anew as often as it takes. @throws TRY_AGAIN where one gives something else. */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        if (tries > 1) await this.#replay()
        return await work()
      } catch (error) {
        if (!(error instanceof CrossfadeError && isTransient(error)) || tries === maxTries) throw error
      }
      await sleep(Math.random() * pauseMs)
    }
  }

  async #replay(): Promise<void> {
    await this.#abort()
    this.#present = this.#begin()
    for (const { run, gave } of this.#done)
      if (!isDeepStrictEqual(seen(await run(this.#present)), gave))
        throw new CrossfadeError('TRY_AGAIN', 'Another write came in between; nothing was written, try again.')
  }
}
