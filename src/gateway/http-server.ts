import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { codeOf } from '../util/errors.ts'
import { discard } from './discard.ts'
import type { Limits } from './limits.ts'
import type { Readiness } from './readiness.ts'

const jsonType = { 'content-type': 'application/json; charset=utf-8' }

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, jsonType).end(`${JSON.stringify(body)}\n`)
}

const errorBody = (message: string): object => ({ errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] })

/** Host names, addresses and ports; no spaces, no paths, no users. */
const hostPattern = /^(\[[\da-f:.]+\]|[\w.~-]+)(:\d{1,5})?$/i

/** Whether host and path make an address: what stands behind would throw otherwise. */
function isAddressed({ url = '', httpVersion, headers: { host } }: IncomingMessage): boolean {
  if (host === undefined ? httpVersion !== '1.0' : !hostPattern.test(host)) return false
  return url.startsWith('/') && URL.canParse(`http://${host ?? 'localhost'}${url}`)
}

/** Content types that a browser sends to any other site, with its user's cookies and without asking first. */
const unasked = new Set(['', 'text/plain', 'multipart/form-data'])

/** Likewise, but taken where a header shows that the browser has asked. */
const form = 'application/x-www-form-urlencoded'

/** A browser asks first where a request has one of these; the second and third are those of other GraphQL servers. */
const preflightHeaders = ['x-crossfade-csrf', 'apollo-require-preflight', 'graphql-require-preflight'] as const

/** Whether a page of another site could have made the browser send it. Queries by GET change nothing. */
function isForgeable({ method, headers }: IncomingMessage): boolean {
  if (method !== 'POST') return false
  const [given = ''] = (headers['content-type'] ?? '').split(';')
  const type = given.trim().toLowerCase()
  return unasked.has(type) || (type === form && !preflightHeaders.some((name) => headers[name] !== undefined))
}

const unreadable: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers of the request are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request took too long to arrive.'],
}

/** What Node could not read as a request, or no request is, and what did not arrive in time; the connection ends. */
function answerUnreadable(error: Error | null, socket: Duplex): void {
  const code = String(codeOf(error))
  if (!socket.writable || code === 'ECONNRESET') return void socket.destroy()
  const [status, message] = unreadable[code] ?? ['400 Bad Request', 'This is no request that is answered here.']
  const body = `${JSON.stringify(errorBody(message))}\n`
  const headers = [`HTTP/1.1 ${status}`, 'connection: close', `content-type: ${jsonType['content-type']}`]
  socket.end(`${headers.join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

export interface HttpServerOptions {
  readonly limits: Limits
  readonly readiness: Readiness
  /** Answers `/graphql`. */
  readonly graphql: (request: IncomingMessage, response: ServerResponse) => unknown
}

/** The gateway's HTTP server: health, and before GraphQL what is refused by address, content type or time. */
export function httpServer({ limits: { headersMs, requestMs }, readiness, graphql }: HttpServerOptions): Server {
  const options = {
    headersTimeout: Math.min(headersMs, requestMs), // Node throws where it is the longer one
    requestTimeout: requestMs,
    connectionsCheckingInterval: 1_000,
    requireHostHeader: false, // isAddressed tells more than an empty answer
    keepAliveTimeout: 65_000, // longer than load balancers keep theirs, which otherwise send into a closed one
  }
  const server = createServer(options, async (request, response) => {
    const refuse = (status: number, message: string): void => {
      discard(request)
      reply(response, status, errorBody(message))
    }
    if (!isAddressed(request)) return refuse(400, 'The request has no valid address: look at its path and its Host.')
    if (request.url === '/healthz') return reply(response, 200, { alive: true })
    if (request.url === '/readyz') {
      const problems = await readiness.problems()
      return reply(response, problems.length === 0 ? 200 : 503, { ready: problems.length === 0, problems })
    }
    if (isForgeable(request)) {
      const what = 'The request has no content type, or one that a browser sends for any site.'
      return refuse(415, `${what} Send application/json; a form needs the header ${preflightHeaders[0]}.`)
    }
    return graphql(request, response)
  })
  server.on('connect', (_, socket) => answerUnreadable(null, socket))
  return server.on('clientError', answerUnreadable)
}
