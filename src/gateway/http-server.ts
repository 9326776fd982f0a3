import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Meter } from '../routing/meter.ts'
import { toldLimit } from '../routing/past-limit.ts'
import { codeOf } from '../util/errors.ts'
import { isAddressed } from './address.ts'
import { discard } from './discard.ts'
import type { Limits } from './limits.ts'
import type { Readiness } from './readiness.ts'

const jsonType = { 'content-type': 'application/json; charset=utf-8' }

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, jsonType).end(`${JSON.stringify(body)}\n`)
}

const errorBody = (message: string): object => ({ errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] })

/** Content types of bodies that are taken, in any letters (RFC 9110, 8.3.1). */
const taken = new Set(['application/json', 'application/graphql+json', 'application/graphql'])

/** Content types that a browser sends to any other site, with its user's cookies and without asking first. */
const unasked = new Set(['', 'text/plain', 'multipart/form-data'])

/** Likewise, but taken where a header shows that the browser has asked. */
const form = 'application/x-www-form-urlencoded'

/** A browser asks first where a request has one of these; the second and third are those of other GraphQL servers. */
const preflightHeaders = ['x-crossfade-csrf', 'apollo-require-preflight', 'graphql-require-preflight'] as const

/**
 * What is wrong with the content type of a body; null where it is one that is taken, which then stands there in small
 * letters. Refused is what a page of another site could have made the browser send: queries by GET change nothing.
 */
function typeProblem({ method, headers, url = '' }: IncomingMessage, path: string): string | null {
  if (method !== 'POST') return null
  if (headers['content-type'] === 'application/json') return null // nearly all
  const [given = '', ...parameters] = (headers['content-type'] ?? '').split(';')
  const type = given.trim().toLowerCase()
  if (unasked.has(type) || (type === form && !preflightHeaders.some((name) => headers[name] !== undefined))) {
    const what = 'The request has no content type, or one that a browser sends for any site.'
    return `${what} Send application/json; a form needs the header ${preflightHeaders[0]}.`
  }
  if (taken.has(type) || type === form) headers['content-type'] = [type, ...parameters].join(';')
  // What plugins of the app answer elsewhere is their own affair; some clients send a list of types
  else if (url.split('?', 1)[0] === path && !type.includes(','))
    return 'The content type of the request is none that is answered here. Send application/json.'
  return null
}

/** Bodies are read as they are sent, since what is packed may hold any number of bytes. */
const isPacked = ({ headers: { 'content-encoding': given } }: IncomingMessage): boolean =>
  given?.split(',').some((each) => !['', 'identity'].includes(each.trim().toLowerCase())) ?? false

const noRequest = ['400 Bad Request', 'This is no request that is answered here.'] as const
const unreadable: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers of the request are too large.'],
}

/** What ends a connection with one answer to it. */
function answerUnread(socket: Duplex, status: string, message: string): void {
  const body = `${JSON.stringify(errorBody(message))}\n`
  const headers = [`HTTP/1.1 ${status}`, 'connection: close', `content-type: ${jsonType['content-type']}`]
  socket.end(`${headers.join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

export interface HttpServerOptions {
  readonly limits: Limits
  readonly readiness: Readiness
  /** Where GraphQL answers. */
  readonly path: string
  /** Answers everything but health. */
  readonly graphql: (request: IncomingMessage, response: ServerResponse) => unknown
  readonly meter?: Pick<Meter, 'request'> | undefined
}

/** Requests of a connection that are under way at a time: clients send the next one behind an answer, most of them. */
const mostUnanswered = 10

/** How much longer than its answer may take a connection may stand still, in milliseconds. */
const idleGraceMs = 2_000

/**
 * Runs the work once the end of a connection that was just accepted would have shown, which is read a turn of the loop
 * behind its request. Node accepts one connection a turn: those of clients that left while they waited for it would each
 * take the time of a request, and keep those of clients that stayed waiting for as long.
 */
const behindEnd = (work: () => void): void => void setImmediate(() => setImmediate(work))

/** Nobody would have the answer: Node answers no client that has ended its side, either. */
const hasEnded = ({ socket }: IncomingMessage): boolean => socket.readableEnded || socket.destroyed

/** What is known of a connection. */
interface Connection {
  /** The request that has arrived last, its body perhaps not yet. */
  last: IncomingMessage
  unanswered: number
  /** Whether it was looked whether it goes on behind its first request: who sends another is there. */
  isSeen: boolean
  /** What is answered to the request that is under way, until it is read. */
  underWay: ServerResponse | null
  /** Begin those requests that wait for the answers before theirs to be read. */
  readonly waiting: (() => void)[]
}

/** The gateway's HTTP server: health, and before GraphQL what is refused by address, content type or time. */
export function httpServer({ limits, readiness, path, graphql, meter }: HttpServerOptions): Server {
  const { headersMs, requestMs, answerMs } = limits
  const options = {
    headersTimeout: Math.min(headersMs, requestMs), // Node throws where it is the longer one
    requestTimeout: requestMs,
    connectionsCheckingInterval: 1_000,
    requireHostHeader: false, // isAddressed tells more than an empty answer
    keepAliveTimeout: 65_000, // longer than load balancers keep theirs, which otherwise send into a closed one
  }
  const connections = new WeakMap<Duplex, Connection>()

  /** Counts the connection's requests that are not answered, this one included. */
  function enter(request: IncomingMessage, response: ServerResponse): Connection {
    const { socket } = request
    let connection = connections.get(socket)
    if (!connection) {
      connection = { last: request, unanswered: 0, isSeen: false, underWay: null, waiting: [] }
      connections.set(socket, connection)
    }
    connection.last = request
    connection.unanswered++
    const began = meter && performance.now()
    response.once('close', () => {
      if (began !== undefined) meter!.request(response.headersSent ? response.statusCode : 0, performance.now() - began)
      connection.unanswered--
      if (connection.underWay !== response) return // it was refused, and does not make room for another one
      connection.underWay = null
      if (!socket.destroyed) connection.waiting.shift()?.()
    })
    return connection
  }

  /** Which of the two times is over: of a request that has arrived in part the headers have. */
  function tookTooLong(socket: Duplex): string {
    const isBody = connections.get(socket)?.last.complete === false
    const [limit, ms] = isBody || requestMs < headersMs ? ['requestMs', requestMs] : ['headersMs', headersMs]
    return toldLimit(
      limit,
      `The ${isBody ? 'request' : 'headers of the request'} took longer than ${ms / 1_000} s to arrive`,
    )
  }

  /** What Node could not read as a request, or no request is, and what did not arrive in time; the connection ends. */
  function answerUnreadable(error: Error | null, socket: Duplex): void {
    const code = String(codeOf(error))
    if (!socket.writable || code === 'ECONNRESET') return void socket.destroy()
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') answerUnread(socket, '408 Request Timeout', tookTooLong(socket))
    else answerUnread(socket, ...(unreadable[code] ?? noRequest))
  }

  async function answerReady(response: ServerResponse): Promise<void> {
    const problems = await readiness.problems()
    reply(response, problems.length === 0 ? 200 : 503, { ready: problems.length === 0, problems })
  }

  const server = createServer(options, (request, response) => {
    const refuse = (status: number, message: string): void => {
      discard(request)
      reply(response, status, errorBody(message))
    }
    const connection = enter(request, response)
    const { unanswered } = connection
    if (unanswered > mostUnanswered) {
      request.socket.pause()
      if (unanswered > mostUnanswered + 1) return // the connection ends behind the answer to the one before
      response.setHeader('connection', 'close')
      return refuse(503, `The connection has ${mostUnanswered} requests that are not answered yet. Wait for answers.`)
    }
    if (!isAddressed(request)) return refuse(400, 'The request has no valid address: look at its path and its Host.')
    if (request.url === '/healthz') return reply(response, 200, { alive: true })
    if (request.url === '/readyz') return void answerReady(response)
    const problem = typeProblem(request, path)
    if (problem !== null) return refuse(415, problem)
    if (isPacked(request)) return refuse(415, 'The body of the request has a Content-Encoding. Send it without.')
    const begin = (): unknown => {
      connection.underWay = response
      return graphql(request, response)
    }
    // Of a connection whose client does not read it holds one answer, and not ten
    if (connection.underWay) return void connection.waiting.push(begin)
    if (connection.isSeen) return begin()
    connection.underWay = response
    behindEnd(() => {
      connection.isSeen = true
      if (!hasEnded(request)) void graphql(request, response)
    })
  })
  // A client that does not read its answer keeps it in memory. While an answer is worked out nothing moves, either
  server.timeout = Math.min(answerMs + idleGraceMs, 2_147_483_647)
  server.on('checkExpectation', (request, response) => {
    discard(request)
    reply(response, 417, errorBody('The request expects what is not kept: of Expect, 100-continue alone is known.'))
  })
  server.on('connect', (_, socket) => answerUnreadable(null, socket))
  return server.on('clientError', answerUnreadable)
}
