import type { LeftOut } from './recording.ts'
import type { DifferenceGroup, OperationTimes } from './tally.ts'

/** Why operations of a recording were not asked again. */
export interface Skipped {
  mutations: number
  subscriptions: number
  /** A token stands for one of their values. */
  tokens: number
  /** They do not fit the contract of today. */
  unfit: number
  /** They do not select the field that was asked for. */
  others: number
  /** Types of which a store's copy is not kept equal, with how many operations read them. */
  stale: Record<string, number>
}

/** How far a replay is. */
export interface ReplayProgress {
  /** Operations that were asked. */
  readonly done: number
  readonly different: number
}

/** What became of a recording. */
export interface Replayed {
  /** Names of the sides. */
  readonly a: string
  readonly b: string
  /** Operations that were decided; the next three are parts of it. */
  readonly compared: number
  readonly equal: number
  readonly different: number
  /** Of those that are equal: both answers show nothing that is not ignored. */
  readonly ofNothing: number
  /** Both sides refuse them for the same reason, and answer nothing. */
  readonly refusedAlike: number
  /** They went on changing. */
  readonly undecided: number
  /** A side did not answer them, twice. */
  readonly unanswered: number
  readonly skipped: Readonly<Skipped>
  /** What gateways could not record, as the recording says. */
  readonly leftOut: Readonly<Partial<Record<LeftOut, number>>>
  /** Lines that cannot be read; what a last one lacks is no fault of it, since a gateway may be writing it. */
  readonly unreadable: number
  /** The first hundred of lines that cannot be read, and of operations that were not answered. */
  readonly problems: readonly { readonly place: string; readonly text: string }[]
  /** Recorded under another contract than the one of today. */
  readonly otherContract: boolean
  readonly groups: readonly DifferenceGroup[]
  readonly times: readonly OperationTimes[]
}

/** Whether all that was asked for could be compared and is equal, and there was something. */
export const isEqual = ({ compared, ofNothing, skipped, ...counts }: Replayed): boolean => {
  const { different, undecided, unanswered, unreadable } = counts
  return (
    compared > ofNothing && different + undecided + unanswered + unreadable + Object.keys(skipped.stale).length === 0
  )
}
