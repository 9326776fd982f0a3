import type { AppContext } from 'crossfade'
import { GraphQLError } from 'graphql'
import { errors } from 'jose'
import { verify } from './token.ts'

const refused = () =>
  new GraphQLError('The token is not ours, or is past its time.', {
    extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } },
  })

/** What resolvers know of whoever asks. Without a token he is a visitor; a bad one is refused. */
export async function contextOf(request: Request): Promise<AppContext> {
  const header = request.headers.get('authorization')
  if (header === null) return {}
  const [, token] = /^Bearer (\S+)$/i.exec(header) ?? []
  if (token === undefined) throw refused()
  try {
    return { viewer: await verify(token) }
  } catch (error) {
    throw error instanceof errors.JOSEError ? refused() : error
  }
}
