import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CrossfadeError, codeOf } from '../util/errors.ts'
import type { KnownTokens } from './known-tokens.ts'
import type { Metrics } from './metrics.ts'
import { mayDo, type Role } from './role.ts'
import { WrongTokens } from './wrong-tokens.ts'

export interface AdminOptions {
  /** 0 chooses a free one. */
  readonly port: number
  readonly host: string
  readonly tokens: Pick<KnownTokens, 'find'>
  readonly metrics: Metrics
}

export interface RunningAdmin {
  readonly url: string
  /** Cuts off whoever is still connected. */
  close(): Promise<void>
}

interface Page {
  readonly role: Role
  readonly answer: (response: ServerResponse) => Promise<void>
}

const refusals = {
  401: 'This needs a token: send `Authorization: Bearer …`, as `crossfade token make` tells it.',
  403: 'The token is one of another role.',
  404: 'There is nothing here: metrics are at /metrics.',
  405: 'Send a GET.',
  429: 'Too many wrong tokens came from this address. Wait for a minute.',
} as const

function refuse(response: ServerResponse, status: keyof typeof refusals): void {
  const headers = { 'content-type': 'application/json; charset=utf-8', connection: 'close' }
  const asks = status === 401 ? { 'www-authenticate': 'Bearer realm="crossfade"' } : {}
  response.writeHead(status, { ...headers, ...asks }).end(`${JSON.stringify({ error: refusals[status] })}\n`)
}

const secretOf = ({ headers: { authorization = '' } }: IncomingMessage): string | null =>
  /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? null

const limits = {
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
}

/** Whoever operates, beside the clients: metrics now. Nothing is told without a token but that it is there. */
function adminServer({ tokens, metrics }: AdminOptions): Server {
  const wrong = new WrongTokens()
  const pages: Readonly<Record<string, Page>> = {
    '/metrics': {
      role: 'viewer',
      answer: async (response) => {
        const text = await metrics.text()
        response.writeHead(200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' }).end(text)
      },
    },
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const from = request.socket.remoteAddress ?? ''
    const path = (request.url ?? '').split('?', 1)[0]!
    if (path === '/healthz') return void response.writeHead(200).end()
    const secret = secretOf(request)
    const token = secret === null ? null : await tokens.find(secret)
    // Whoever has a good one is heard whatever others at his address try: on-call may need it
    if (!token) {
      if (secret !== null) wrong.add(from)
      return refuse(response, wrong.areMany(from) ? 429 : 401)
    }
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined
    if (!page) return refuse(response, 404)
    if (!mayDo(token.role, page.role)) return refuse(response, 403)
    if (request.method !== 'GET') return refuse(response, 405)
    await page.answer(response)
  }

  return createServer(limits, (request, response) => {
    request.resume()
    void answer(request, response).catch(() => response.destroy())
  })
}

/** @throws MISCONFIGURED where the port is taken, or is not ours to take. */
export async function startAdmin(options: AdminOptions): Promise<RunningAdmin> {
  const { host, port } = options
  const server = adminServer(options)
  server.timeout = 30_000
  server.maxConnections = 100
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const code = codeOf(error)
      const why = code === 'EADDRINUSE' ? 'is taken' : code === 'EACCES' ? 'may not be taken by this user' : null
      const text = `${host}:${port} ${why}. Set ADMIN_PORT to another, or to 0 for a free one.`
      reject(why ? new CrossfadeError('MISCONFIGURED', text, { cause: error }) : error)
    })
    server.listen(port, host, resolve)
  })
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
