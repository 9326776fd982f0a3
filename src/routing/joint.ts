import type { Steps } from '../stores/store.ts'

/**
 * One transaction of a store, as a mutation and those inside of it share it: its steps run one at a time, and once one has
 * failed none runs any more, since nothing of it is to stand.
 */
export class Joint<Written> {
  readonly steps: Steps
  /** What it has written so far. */
  readonly written: Written[] = []
  readonly #mayGoOn: () => void
  #last: Promise<unknown> = Promise.resolve()
  #failed: { readonly error: unknown } | null = null

  /** @param mayGoOn throws where no step may begin any more. */
  constructor(steps: Steps, mayGoOn: () => void) {
    this.#mayGoOn = mayGoOn
    const inTurn =
      <Args extends readonly unknown[], T>(step: (...args: Args) => Promise<T>) =>
      (...args: Args): Promise<T> => {
        const mine = this.#last.then(() => {
          this.check()
          return step(...args)
        })
        this.#last = mine.catch((error: unknown) => this.fail(error))
        return mine
      }
    this.steps = {
      isAtomic: steps.isAtomic,
      create: inTurn(steps.create),
      patch: inTurn(steps.patch),
      delete: inTurn(steps.delete),
      images: inTurn(steps.images),
      byHand: inTurn(steps.byHand) as Steps['byHand'],
    }
  }

  /** Nothing of it is to stand. The first reason counts. */
  fail(error: unknown): void {
    this.#failed ??= { error }
  }

  /** Before each step, and before the commit. @throws why nothing of it is to stand. */
  check(): void {
    if (this.#failed) throw this.#failed.error
    this.#mayGoOn()
  }
}
