import { toldOf } from '../../gateway/told.ts'
import { awaitWithin, timedOut } from '../../util/await-within.ts'
import { type Origin, origins } from '../../util/origin.ts'

/** Looks at stores, of which each is asked no more once it has failed: the other one is, all the same. */
export interface AskedStores {
  /** The stores that have not failed. */
  readonly answering: () => readonly Origin[]
  /** A line for each store that has failed. */
  readonly problems: readonly string[]
  /** Null where a store that the look needs has failed, or fails in it. */
  look<T>(needs: readonly Origin[], ask: () => Promise<T>): Promise<T | null>
}

const names = { mongo: 'MongoDB', postgres: 'PostgreSQL' } as const

const noMore = 'It was asked no further.'

/** @param ms what one look may take. */
export function askedStores(ms: number): AskedStores {
  const failed = new Set<Origin>()
  const problems: string[] = []
  const fail = (origin: Origin, line: string): void => {
    if (failed.has(origin)) return
    failed.add(origin)
    problems.push(`${line} ${noMore}`)
  }
  return {
    answering: () => origins.filter((origin) => !failed.has(origin)),
    problems,
    async look(needs, ask) {
      if (needs.some((origin) => failed.has(origin))) return null
      try {
        const answer = await awaitWithin(ask(), ms)
        if (answer !== timedOut) return answer
        for (const origin of needs) fail(origin, `${names[origin]} has not answered within ${ms / 1000} s.`)
      } catch (error) {
        const told = toldOf(error, { reads: true })
        if (told === null) throw error
        fail(told.origin, told.line)
      }
      return null
    },
  }
}
