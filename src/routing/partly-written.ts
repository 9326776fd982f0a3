import type { Entity, Id } from '../entity/entity.ts'
import { CrossfadeError } from '../util/errors.ts'

/** The same would be refused again: it is about the record, and not about the store. */
const isFinal = (error: unknown): error is CrossfadeError =>
  error instanceof CrossfadeError && (error.code === 'BAD_USER_INPUT' || error.code === 'CONFLICT')

/** Some of several writes were made, and others were not. */
export class PartlyWritten extends CrossfadeError {
  /** Written, or found not to need it. */
  readonly done: readonly Id[]
  /** Nobody knows whether they were written. */
  readonly unknown: readonly Id[]
  /** Not written: those that failed, and those that were not begun. */
  readonly left: readonly Id[]

  constructor(entity: Entity, first: unknown, ids: Readonly<Record<'done' | 'unknown' | 'left', readonly Id[]>>) {
    const { done, unknown, left } = ids
    const of = done.length + unknown.length + left.length
    const unsure = unknown.length > 0 ? `, and perhaps ${unknown.length} more,` : ''
    const text = `${done.length} of ${of} ${entity.name} records${unsure} were written before`
    const isRefused = isFinal(first) && unknown.length === 0
    if (isRefused) super(first.code, `${text} one was refused: ${first.message}`, { cause: first })
    else super('UNKNOWN_OUTCOME', `${text} it failed; look before repeating it.`, { cause: first })
    this.done = done
    this.unknown = unknown
    this.left = left
  }
}
