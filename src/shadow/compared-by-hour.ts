import type { HourVerdicts } from '../stores/findings.ts'
import type { Verdict } from './statistics.ts'

/** Comparisons that were decided in one hour, and how many of them found a difference that no rule covers. */
export interface ComparedHour {
  readonly compared: number
  readonly diverged: number
}

const decided: readonly string[] = ['matched', 'empty', 'diverged', 'accepted', 'noise'] satisfies Verdict[]

/** Of a type, each of the last hours, the oldest first. */
export function comparedByHour(counts: readonly HourVerdicts[], type: string, hours: number): ComparedHour[] {
  const recent = Array.from({ length: hours }, () => ({ compared: 0, diverged: 0 }))
  for (const { type: of, verdict, ago, count } of counts) {
    if (of !== type || !decided.includes(verdict)) continue
    const hour = recent[hours - 1 - ago]!
    hour.compared += count
    if (verdict === 'diverged') hour.diverged += count
  }
  return recent
}
