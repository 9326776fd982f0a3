import { randomUUID } from 'node:crypto'
import { GraphQLError } from 'graphql'
import { original } from '../../resolve/original.ts'
import { CrossfadeError, messageOf } from '../../util/errors.ts'
import type { Served } from './served.ts'

/**
 * What who operates sees of an error: ours as they are, a store's as commands tell it; of a fault an id that finds the log
 * line.
 */
export function shownError({ tell, log }: Pick<Served, 'tell' | 'log'>): (error: unknown) => Error {
  return (error) => {
    const cause = original(error)
    if (cause instanceof GraphQLError) return error instanceof GraphQLError ? error : cause // with its place
    const place = error instanceof GraphQLError ? { nodes: error.nodes, path: error.path } : {}
    const shown = (message: string, code: string) => new GraphQLError(message, { ...place, extensions: { code } })
    if (cause instanceof CrossfadeError) return shown(cause.message, cause.code)
    const line = tell(cause)
    if (line !== null) return shown(line, 'UNAVAILABLE')
    const id = randomUUID()
    log('warn', `A request to the admin port has failed (${id}): ${messageOf(cause)}`)
    return shown(`This is a fault of Crossfade's; the log has more of it under ${id}.`, 'INTERNAL_SERVER_ERROR')
  }
}
