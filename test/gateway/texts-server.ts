import type { AddressInfo } from 'node:net'
import { createSchema } from 'graphql-yoga'
import { type HttpServerOptions, httpServer } from '../../src/gateway/http-server.ts'
import { type Limits, limitsOf } from '../../src/gateway/limits.ts'
import { createGateway } from '../../src/gateway/yoga.ts'

interface Size {
  readonly kb: number
  /** Whether each of its bytes is six in JSON. */
  readonly escaped?: boolean
}

/** Of so many thousand bytes. */
const textOf = ({ kb, escaped }: Size): string => (escaped ? '\u0001' : 'x').repeat(kb * 1_000)

/** A stream in which nothing happens. */
const silence = (): AsyncIterableIterator<unknown> => ({
  next: () => new Promise(() => undefined),
  return: async () => ({ done: true, value: undefined }),
  [Symbol.asyncIterator]() {
    return this
  },
})

export interface TextsServer {
  readonly port: number
  /** What each field was asked, in order. */
  readonly asked: string[]
  /** How many events subscribers were given. */
  events(): number
  readonly logged: string[]
  /** Answers the field `late`. */
  answerLate(): void
  close(): void
}

/** The gateway's server, over an API that has texts of any length, and no store. */
export async function textsServer(given: Partial<Limits> = {}): Promise<TextsServer> {
  const asked: string[] = []
  const logged: string[] = []
  const late = Promise.withResolvers<string>()
  let events = 0
  const told = (size: Size, name: string) => {
    asked.push(`${name} ${size.kb}`)
    return textOf(size)
  }
  const schema = createSchema({
    typeDefs: `
      type Query { text(kb: Int!, escaped: Boolean): String late: String }
      type Mutation { text(kb: Int!): String }
      type Subscription { texts(kb: Int!): String quiet: String }`,
    resolvers: {
      Query: {
        text: (_, size: Size) => told(size, 'query'),
        late: () => {
          asked.push('late')
          return late.promise
        },
      },
      Mutation: { text: (_, size: Size) => told(size, 'mutation') },
      Subscription: {
        quiet: { subscribe: silence },
        texts: {
          async *subscribe(_: unknown, size: Size) {
            for (;;) {
              events++
              yield { texts: textOf(size) }
            }
          },
        },
      },
    },
  })
  const limits = limitsOf(given)
  const routing = {
    limits,
    answer: () => Promise.reject(new Error('there is no store')),
    log: (_: string, message: string) => void logged.push(message),
  }
  const graphql = createGateway({ config: { schema, entities: [], migrations: {} }, routing, limits })
  const readiness = { problems: async () => [] } as unknown as HttpServerOptions['readiness']
  const server = httpServer({ limits, readiness, path: '/graphql', graphql })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    answerLate: () => late.resolve('at last'),
    events: () => events,
    logged,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

// As a program of its own: tells its port, and lives until it is ended
if (process.argv[1] === import.meta.filename) {
  const { port } = await textsServer(JSON.parse(process.argv[2]!))
  process.stdout.write(`${port}\n`)
}
