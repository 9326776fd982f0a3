import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { AdminProxy } from '../control/admin-proxy.ts'
import { mayDo, type Role } from '../control/role.ts'
import { CrossfadeError } from '../util/errors.ts'
import { listen } from '../util/listen.ts'
import type { AdminApi } from './api/api.ts'
import type { Asker } from './api/served.ts'
import { type ConsoleFile, consoleHeaders } from './console-files.ts'
import type { Killed } from './killed.ts'
import type { Metrics } from './metrics.ts'
import { proxied } from './proxied.ts'
import { WrongTokens } from './wrong-tokens.ts'

export interface AdminOptions {
  /** 0 chooses a free one. */
  readonly port: number
  readonly host: string
  readonly tokens: Tokens
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>
  readonly killed: Killed
  readonly api: AdminApi
  /** Default: tokens alone let in. */
  readonly proxy?: AdminProxy | undefined
  /** See `consoleFiles`. */
  readonly console: ReadonlyMap<string, ConsoleFile>
}

export interface Tokens {
  /** Null where the secret is none that is good. */
  find(secret: string): Promise<Asker | null>
}

export interface RunningAdmin {
  readonly url: string
  /** Cuts off whoever is still connected. */
  close(): Promise<void>
}

/** What one method does at one path. */
interface Action {
  readonly role: Role
  /** @throws CrossfadeError BAD_USER_INPUT */
  readonly answer: (asked: Asked) => Promise<Answer> | Answer
}

interface Asked {
  readonly query: URLSearchParams
  /** Who asks, by the name of the token. */
  readonly by: string
}

interface Answer {
  readonly type: string
  readonly text: string
}

const json = (value: unknown): Answer => ({
  type: 'application/json; charset=utf-8',
  text: `${JSON.stringify(value)}\n`,
})

const refusals = {
  401: 'This needs a token: send `Authorization: Bearer …`, as `crossfade token make` tells it.',
  403: 'The token is one of another role.',
  404: 'There is nothing here: see /, /graphql, /metrics and /kill.',
  405: 'Another method is meant: GET of /metrics, GET, POST or DELETE of /kill.',
  429: 'Too many wrong tokens came from this address. Wait for a minute.',
} as const

function refuse(
  response: ServerResponse,
  ...[status, why]: [status: keyof typeof refusals, why?: string] | [status: 400, why: string]
): void {
  const headers = { 'content-type': 'application/json; charset=utf-8', connection: 'close' }
  const asks = status === 401 ? { 'www-authenticate': 'Bearer realm="crossfade"' } : {}
  response.req.resume()
  response
    .writeHead(status, { ...headers, ...asks })
    .end(json({ error: why ?? refusals[status as keyof typeof refusals] }).text)
}

const unknownToken =
  'This token is not known here: it was revoked, has expired, or is of other stores. `crossfade token list` tells those that are good.'

const secretOf = ({ headers: { authorization = '' } }: IncomingMessage): string | null =>
  /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? null

/** Yoga makes an address of it. */
const isAddress = ({ headers: { host } }: IncomingMessage): boolean => URL.canParse(`http://${host}`)

const badHost = 'The header Host names no host.'

const limits = {
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
}

/** By path and method. */
const actionsOf = ({ metrics, killed }: AdminOptions): ReadonlyMap<string, ReadonlyMap<string, Action>> => {
  const kill = (on: boolean): Action => ({
    role: 'operator',
    answer: async ({ query, by }) => {
      // A slip must not stand for all
      const unknown = [...query.keys()].find((name) => name !== 'type' && name !== 'here')
      if (unknown !== undefined)
        throw new CrossfadeError('BAD_USER_INPUT', `There is no parameter ${unknown}; there are type and here.`)
      return json(await killed.set(query.get('type') ?? 'all', on, by, query.has('here')))
    },
  })
  const actions = {
    '/metrics': {
      GET: { role: 'viewer', answer: async () => ({ type: metrics.contentType, text: await metrics.text() }) },
    },
    '/kill': {
      GET: { role: 'viewer', answer: () => json({ killed: killed.list() }) },
      POST: kill(true),
      DELETE: kill(false),
    },
  } satisfies Record<string, Record<string, Action>>
  return new Map(Object.entries(actions).map(([path, methods]) => [path, new Map(Object.entries(methods))]))
}

/** Whoever operates, beside the clients. Nothing is told without a token but that it is there; the console's files are no secret. */
function adminServer(options: AdminOptions): Server {
  const { tokens, api, console } = options
  const byProxy = options.proxy && proxied(options.proxy)
  const wrong = new WrongTokens()
  const actions = actionsOf(options)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const from = request.socket.remoteAddress ?? ''
    const [path = '', query] = (request.url ?? '').split('?', 2)
    if (path === '/healthz') return void response.writeHead(200).end()
    const file = request.method === 'GET' ? console.get(path) : undefined
    if (file)
      return void response
        .writeHead(200, { ...consoleHeaders, 'content-type': file.type, 'cache-control': 'no-cache' })
        .end(file.bytes)
    const secret = secretOf(request)
    const asker = secret === null ? (byProxy?.(request) ?? null) : await tokens.find(secret)
    // Whoever has a good token is heard whatever others at his address try: on-call may need it
    if (!asker) {
      if (secret === null) return refuse(response, wrong.areMany(from) ? 429 : 401)
      wrong.add(from)
      return wrong.areMany(from) ? refuse(response, 429) : refuse(response, 401, unknownToken)
    }
    if (path === '/graphql') return isAddress(request) ? api(request, response, asker) : refuse(response, 400, badHost)
    const hasBody = Number(request.headers['content-length'] ?? 0) > 0 || 'transfer-encoding' in request.headers
    if (hasBody) return refuse(response, 400, 'What is meant stands in the address: /kill?type=Movie.')
    request.resume()
    const methods = actions.get(path)
    if (!methods) return refuse(response, 404)
    const action = methods.get(request.method ?? '')
    if (!action) return refuse(response, 405)
    if (!mayDo(asker.role, action.role)) return refuse(response, 403)
    try {
      const { type, text } = await action.answer({ query: new URLSearchParams(query), by: asker.name })
      response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(text)
    } catch (error) {
      if (!(error instanceof CrossfadeError)) throw error
      refuse(response, 400, error.message)
    }
  }

  return createServer(limits, (request, response) => {
    void answer(request, response).catch(() => response.destroy())
  })
}

/** Of the connections that are taken, those that have not sent a request yet. */
const mostUnheard = 50

/** Whoever opens connections and says nothing keeps nobody out: the oldest of them go. */
function limitUnheard(server: Server): void {
  const unheard = new Set<Socket>()
  server.on('connection', (socket) => {
    unheard.add(socket)
    socket.once('close', () => unheard.delete(socket))
    if (unheard.size > mostUnheard) unheard.values().next().value?.destroy()
  })
  server.on('request', ({ socket }) => unheard.delete(socket))
}

/** @throws see `listen`. */
export async function startAdmin(options: AdminOptions): Promise<RunningAdmin> {
  const { host, port } = options
  const server = adminServer(options)
  server.timeout = 60_000 // a record that is refused may be tried for half of it
  server.maxConnections = 100
  limitUnheard(server)
  await listen(server, { port, host, setting: 'ADMIN_PORT' })
  const { port: own } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${own}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
