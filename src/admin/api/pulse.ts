import { Repeater } from 'graphql-yoga'
import { CrossfadeError, messageOf } from '../../util/errors.ts'

/** Between two looks, while somebody listens. */
const lookMs = 1_000

/** A token that is revoked listens no longer than this: whoever listened comes again, and is asked for it. */
const lastsMs = 55_000

const mostListeners = 50

interface Listener<Topic> {
  readonly topics: ReadonlySet<Topic>
  readonly tell: (topic: Topic) => void
}

/**
 * Tells those who listen which topics have changed, and looks at nothing for nobody: one look for all of them.
 *
 * @typeParam Topic by which it is told.
 */
export class Pulse<Topic extends string> {
  readonly #marks: Readonly<Record<Topic, () => Promise<unknown>>>
  readonly #listeners = new Set<Listener<Topic>>()
  /** What each topic was when it was last looked at; a topic that nobody listens to has none. */
  #known: ReadonlyMap<Topic, string> = new Map()
  #timer: NodeJS.Timeout | undefined

  /** @param marks what is another value of JSON once a topic has changed. */
  constructor(marks: Readonly<Record<Topic, () => Promise<unknown>>>) {
    this.#marks = marks
  }

  /** @throws TRY_AGAIN where too many listen. */
  listen(topics: readonly Topic[]): AsyncIterableIterator<Topic> {
    if (this.#listeners.size >= mostListeners)
      throw new CrossfadeError('TRY_AGAIN', `${mostListeners} listen already, and no more may.`)
    return new Repeater<Topic>(async (push, stop) => {
      const listener = { topics: new Set(topics), tell: (topic: Topic) => void push(topic) }
      this.#listeners.add(listener)
      this.#lookLater()
      const timer = setTimeout(stop, lastsMs).unref()
      await stop
      clearTimeout(timer)
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#known = new Map()
    })
  }

  #lookLater(): void {
    this.#timer ??= setTimeout(() => {
      void this.#look().finally(() => {
        this.#timer = undefined
        if (this.#listeners.size > 0) this.#lookLater()
        else this.#known = new Map() // they left meanwhile
      })
    }, lookMs).unref()
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const topics = new Set([...this.#listeners].flatMap((listener) => [...listener.topics]))
    const marks = await Promise.all([...topics].map(async (topic) => [topic, await this.#markOf(topic)] as const))
    for (const [topic, mark] of marks) {
      const known = this.#known.get(topic)
      if (known === undefined || known === mark) continue
      for (const listener of this.#listeners) if (listener.topics.has(topic)) listener.tell(topic)
    }
    this.#known = new Map(marks)
  }

  /** That it cannot be looked at is a change as well. */
  async #markOf(topic: Topic): Promise<string> {
    try {
      return JSON.stringify(await this.#marks[topic]())
    } catch (error) {
      return messageOf(error)
    }
  }
}
