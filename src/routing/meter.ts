import { CrossfadeError } from '../util/errors.ts'
import type { Origin } from '../util/origin.ts'

/** Told of what clients waited for, as it ends; times are in milliseconds. */
export interface Meter {
  /** A request, by the status of its answer; 0 where the client left before. */
  request(status: number, ms: number): void
  /** A read, by the store that answered it. */
  read(type: string, store: Origin, ms: number): void
  /** A read that no store answered. @param code what its client is told, see `toldCode`. */
  readFailed(type: string, code: string): void
  /** A step of a mutation, as its authority acknowledged it: the mirror may be at it still. */
  write(type: string, authority: Origin, ms: number): void
  /** @param code likewise. */
  writeFailed(type: string, authority: Origin, code: string): void
  /** A request that passed a limit. @param isRefused false where limits are only reported. */
  refused(limit: string, isRefused: boolean): void
}

/** The code of an error of ours; all others, as the app has, are one, so that there are few. */
export const toldCode = (error: unknown): string => (error instanceof CrossfadeError ? error.code : 'other')
