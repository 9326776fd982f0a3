import { randomUUID } from 'node:crypto'
import { GraphQLError, Kind } from 'graphql'
import { original } from '../resolve/original.ts'
import { PastLimit } from '../routing/past-limit.ts'
import type { Routing } from '../routing/routing.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { heldBack, Seldom } from '../util/seldom.ts'
import type { CrossfadeConfig } from './config.ts'
import type { Refusals } from './refusals.ts'

/** Codes that are the caller's to act on; all others are masked. */
const shown = new Set(['BAD_USER_INPUT', 'CONFLICT', 'TRY_AGAIN', 'UNKNOWN_OUTCOME', 'UNAVAILABLE'])

const whoAsks = (error: unknown): string => {
  const field = error instanceof GraphQLError ? error.nodes?.[0] : undefined
  return field?.kind === Kind.FIELD ? `the field ${field.name.value}` : 'a field'
}

/**
 * What a client sees of an error: its own mistakes with a code, what the app shows as the app says, everything else masked
 * with an id that finds the log line: each of those is told, all others once a minute at most. Errors of GraphQL itself
 * (syntax, validation, coercion) are the client's.
 */
export function maskError(
  log: Routing['log'],
  refusals: Refusals,
  showError: CrossfadeConfig['showError'] = () => null,
): (error: unknown) => Error {
  const seldom = new Seldom(60_000)
  /** A request in trouble has an error for each of its fields, and a store in trouble one for each request. */
  function tell(code: string, message: string, trouble: unknown): void {
    const text = `${code}: ${message}`
    const held = seldom.due(text)
    if (held !== null) log('warn', `${text}${heldBack(held)}`, { cause: messageOf(trouble) })
  }
  return (error) => {
    const cause = original(error)
    if (cause instanceof RangeError && /call stack/.test(cause.message))
      return new GraphQLError('The input is nested too deep.', { extensions: { code: 'BAD_USER_INPUT' } })
    const place = error instanceof GraphQLError ? { nodes: error.nodes, path: error.path } : {}
    if (cause instanceof CrossfadeError && shown.has(cause.code)) {
      if (cause.cause && !(cause.cause instanceof CrossfadeError)) tell(cause.code, cause.message, cause.cause)
      if (cause instanceof PastLimit) refusals.note({ ...cause, who: whoAsks(error) })
      return new GraphQLError(cause.message, { ...place, extensions: { code: cause.code } })
    }
    if (error instanceof GraphQLError && cause instanceof GraphQLError) {
      // The outermost says where: which variable, which argument
      const { message, nodes, source, positions, path } = error
      const code = cause.extensions['code'] ?? 'BAD_USER_INPUT'
      return new GraphQLError(message, { nodes, source, positions, path, extensions: { ...cause.extensions, code } })
    }
    const own = cause instanceof Error && !(cause instanceof CrossfadeError) ? showError(cause) : null
    if (own) return new GraphQLError(own.message, { ...place, extensions: own.extensions })
    const id = randomUUID()
    log('warn', `Unexpected error ${id}: ${messageOf(cause)}`, {
      stack: cause instanceof Error ? cause.stack : undefined,
    })
    return new GraphQLError(`Unexpected error. Quote ${id} to the operator.`, {
      ...place,
      extensions: { code: 'INTERNAL_SERVER_ERROR', id },
    })
  }
}
