import type { Entity } from '../entity/entity.ts'
import type { Outcome } from '../shadow/outcome.ts'
import type { Json } from '../util/json.ts'
import type { RecordedOperation } from './recorded-operation.ts'

/** What a resolver has read for an answer. */
export interface Heard {
  /** The type that was read, and others that the result depends on. */
  readonly entities: readonly Entity[]
  readonly resolver: string
  readonly outcome: Outcome
}

/** An error of an answer: what a program may go by. */
export interface AnswerError {
  readonly code: string
  /** Empty where the whole request has failed. */
  readonly path: readonly (string | number)[]
}

/** What one side has answered. */
export interface Answer {
  /** Null where the request has failed. */
  readonly data: Json
  readonly errors: readonly AnswerError[]
  readonly ms: number
  /** Empty of a server that does not tell. */
  readonly heard: readonly Heard[]
  /** Types that this side may not answer for, since its copy is not kept equal. */
  readonly stale: readonly string[]
  /** Why the side could answer nothing at all, in one line; null where it could. */
  readonly trouble: string | null
}

/** Who answers: a view of one store, or a server. */
export interface Side {
  readonly name: string
  ask(operation: RecordedOperation): Promise<Answer>
}

/** What a response says, of either side. */
export function parseAnswer(body: unknown): Pick<Answer, 'data' | 'errors'> | null {
  if (typeof body !== 'object' || body === null) return null
  const { data = null, errors = [] } = body as { readonly data?: Json; readonly errors?: unknown }
  if (!Array.isArray(errors) || typeof data !== 'object' || (data === null && errors.length === 0)) return null
  return {
    data,
    errors: errors.map(
      (error: { extensions?: { code?: unknown }; path?: unknown } | null): AnswerError => ({
        code: String(error?.extensions?.code ?? 'without a code'),
        path: Array.isArray(error?.path) ? error.path : [],
      }),
    ),
  }
}
