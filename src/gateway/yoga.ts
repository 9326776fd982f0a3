import { randomUUID } from 'node:crypto'
import type { GraphQLSchema } from 'graphql'
import { createYoga } from 'graphql-yoga'
import { times } from '../control/times.ts'
import type { GatewayContext } from '../resolve/context.ts'
import type { Routing } from '../routing/routing.ts'
import { deadline, type Ends, endsWith } from './deadline.ts'
import { maskError } from './mask-error.ts'
import { textGuard } from './text-guard.ts'

export interface GatewayOptions {
  readonly schema: GraphQLSchema
  readonly routing: Routing
  /** Who asks, for sticky read percentages; default: the header `x-client-id`, else the authorization, else nobody. */
  readonly subject?: (request: Request) => string
}

function subjectOf(request: Request): string {
  return request.headers.get('x-client-id') ?? request.headers.get('authorization') ?? randomUUID()
}

/** The GraphQL endpoint, `/graphql`. */
export function createGateway({ schema, routing, subject = subjectOf }: GatewayOptions) {
  return createYoga({
    schema,
    logging: false,
    landingPage: false,
    graphqlEndpoint: '/graphql',
    maskedErrors: { maskError: maskError(routing.log) },
    context({ request }): GatewayContext & Ends {
      const ends = endsWith(request)
      let known: string | undefined
      return { routing, subject: () => (known ??= subject(request)), signal: ends.signal, ends }
    },
    plugins: [textGuard, deadline(times.request)],
  })
}
