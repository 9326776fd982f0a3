import { createHash } from 'node:crypto'
import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql'
import { z } from 'zod'
import { onceFor } from '../util/once-for.ts'
import type { RecordedOperation } from './recorded-operation.ts'

/** Of the lines below. */
const format = 1

/** The first line of a recording. */
export interface Header {
  readonly crossfade: 'recording'
  readonly format: typeof format
  /** See `contractHash`. */
  readonly contract: string
  /** The gateway that recorded. */
  readonly instance: string
  /** When it was begun, in ISO 8601. */
  readonly at: string
}

/** Why something that was sampled is not in a recording. */
export type LeftOut = 'mutations' | 'subscriptions' | 'refused' | 'no room' | 'too large' | 'failed'

/** A further line: an operation, or how many could not be recorded since the last such line, and why. */
export type RecordedLine =
  | ({ readonly at: string } & RecordedOperation)
  | { readonly at: string; readonly leftOut: Readonly<Partial<Record<LeftOut, number>>> }

/** What makes two contracts the same, whatever the order in which they are written: 16 hex digits. */
export const contractHash = onceFor((schema: GraphQLSchema): string =>
  createHash('sha256')
    .update(printSchema(lexicographicSortSchema(schema)))
    .digest('hex')
    .slice(0, 16),
)

export const headerOf = (schema: GraphQLSchema, instance: string): Header => ({
  crossfade: 'recording',
  format,
  contract: contractHash(schema),
  instance,
  at: new Date().toISOString(),
})

const header: z.ZodType<Header> = z.strictObject({
  crossfade: z.literal('recording'),
  format: z.literal(format),
  contract: z.string(),
  instance: z.string(),
  at: z.string(),
})

const count = z.int().min(0).optional()
const line: z.ZodType<RecordedLine> = z.union([
  z.strictObject({
    at: z.string(),
    name: z.string().nullable(),
    query: z.string(),
    variables: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({
    at: z.string(),
    leftOut: z.strictObject({
      mutations: count,
      subscriptions: count,
      refused: count,
      'no room': count,
      'too large': count,
      failed: count,
    } satisfies Record<LeftOut, unknown>),
  }),
]) as z.ZodType<RecordedLine>

/** Null for what is none of this format. */
export const parseHeader = (value: unknown): Header | null => header.safeParse(value).data ?? null

/** Null for what is none of this format: another version may have written it. */
export const parseLine = (value: unknown): RecordedLine | null => line.safeParse(value).data ?? null
