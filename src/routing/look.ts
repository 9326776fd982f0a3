import { isAnswered, neverRead } from './answered.ts'
import type { Read } from './read.ts'
import type { ReadLimits } from './read-limits.ts'
import type { RequestReads } from './reads.ts'
import { RequestBounds } from './request-bounds.ts'

/** Stands for the routing where one looks at what is asked: reads are answered whatever the flags say, nothing is written. */
export interface Look {
  readonly limits: ReadLimits
  readonly answer: <T>(read: Read<T>) => Promise<T>
}

/** The reads of one request of a look, within the limits of a client's. */
export function looking({ limits, answer }: Look, signal: AbortSignal | undefined): RequestReads {
  const bounds = new RequestBounds(limits)
  return {
    stale: new Map(),
    stores: new Map(),
    async run(read) {
      if (isAnswered(signal)) return neverRead()
      signal?.throwIfAborted()
      bounds.ask()
      try {
        const result = await answer(read)
        if (!read.isShared) bounds.returned(result)
        return result
      } catch (error) {
        if (isAnswered(signal)) return neverRead()
        throw error
      }
    },
    handOut: (count) => bounds.handOut(count),
  }
}
