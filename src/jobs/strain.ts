import { type Origin, origins } from '../util/origin.ts'

type Times = Readonly<Record<Origin, number>>

/** How the stores are doing beside a copy, in milliseconds. */
export interface Vitals {
  /** What a small read of the job's takes, the wait for a connection included. */
  readonly latency: Times
  /** The age of the oldest write of the type that the mirror is owed. */
  readonly owed: number
  /** See `Store.replicationLag`. */
  readonly lag: Readonly<Record<Origin, number | null>>
}

/** What a copy may cost others before it goes slowly. */
export interface Bounds {
  /** A store is slow where it takes so many times what it took when it was calm, and so long at least. */
  readonly times: number
  readonly leastMs: number
  readonly owedMs: number
  readonly lagMs: number
}

export type Care = 'usual' | 'nice'

/** A copy that is in nobody's way may take more than one that begins at noon. */
export const boundsOf: Readonly<Record<Care, Bounds>> = {
  usual: { times: 10, leastMs: 1_000, owedMs: 30_000, lagMs: 30_000 },
  nice: { times: 3, leastMs: 50, owedMs: 3_000, lagMs: 3_000 },
}

/** Why a copy goes slowly. */
export interface Strain {
  /** The same as long as it is the same reason. */
  readonly kind: string
  readonly text: string
}

const inMs = (ms: number): string => `${Math.round(ms)} ms`

/** The first of what strains a store; null where nothing does. @param calm the least latencies so far. */
export function strainOf({ latency, owed, lag }: Vitals, calm: Times, bounds: Bounds): Strain | null {
  for (const origin of origins) {
    const [now, usual] = [latency[origin], calm[origin]]
    if (now > Math.max(bounds.leastMs, bounds.times * usual))
      return { kind: `latency ${origin}`, text: `${origin} takes ${inMs(now)} for what took ${inMs(usual)} before` }
    const behind = lag[origin] ?? 0
    if (behind > bounds.lagMs)
      return { kind: `lag ${origin}`, text: `replicas of ${origin} are ${inMs(behind)} behind` }
  }
  if (owed <= bounds.owedMs) return null
  return { kind: 'owed', text: `a client's write waits for the mirror since ${inMs(owed)}` }
}
