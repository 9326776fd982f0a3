import type { IncomingMessage } from 'node:http'
import type { GraphQLParams } from 'graphql-yoga'
import { weigh } from '../util/weigh.ts'
import { Held } from './held.ts'

/** The part of what each size may take that streams of events may: they are open for as long as their clients like. */
const streamShare = 0.5

/** Bodies of requests that are under way, and what open streams of events keep of theirs. */
export class HeldBodies {
  readonly #all: Held<IncomingMessage>
  readonly #ofStreams: Held<IncomingMessage>

  /** @param room bytes. */
  constructor(room: number) {
    this.#all = new Held(room)
    this.#ofStreams = new Held(room * streamShare)
  }

  /** A body, or what has arrived of it. @returns false where there is no room. */
  keep(request: IncomingMessage, bytes: number, isWhole: boolean): boolean {
    if (!this.#all.fits(bytes, request)) return false
    this.#all.set(request, bytes, isWhole ? Number.POSITIVE_INFINITY : undefined) // a whole one is not the client's to finish
    return true
  }

  /** Of a stream, in place of its body, what is made of that. @returns false where there is no room. */
  keepOfStream(request: IncomingMessage, params: GraphQLParams): boolean {
    const bytes = weigh(params)
    if (!this.#ofStreams.fits(bytes) || !this.#all.fits(bytes, request)) return false
    for (const held of [this.#all, this.#ofStreams]) held.set(request, bytes, Number.POSITIVE_INFINITY)
    return true
  }

  release(request: IncomingMessage): void {
    this.#all.delete(request)
    this.#ofStreams.delete(request)
  }
}
