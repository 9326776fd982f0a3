import type { IncomingMessage } from 'node:http'
import type { AdminProxy } from '../control/admin-proxy.ts'
import { roles } from '../control/role.ts'
import type { Asker } from './api/served.ts'

/**
 * A browser is signed in at the proxy for whatever page asks. Pages of other sites can neither send JSON without asking
 * first, nor say that they are ours: https://www.w3.org/TR/fetch-metadata/.
 */
function isOwnPage({ method, headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  if (method === 'GET' || method === 'HEAD') return true
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  return headers['content-type']?.startsWith('application/json') === true
}

/** @returns who asks by what a trusted proxy says; null where nobody is, or has no role. */
export function proxied(proxy: AdminProxy): (request: IncomingMessage) => Asker | null {
  const { addresses, user = 'x-forwarded-email', groups = 'x-forwarded-groups', roles: given } = proxy
  const trusted = new Set(addresses)
  const header = ({ headers }: IncomingMessage, name: string): string => String(headers[name.toLowerCase()] ?? '')
  return (request) => {
    const from = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    const name = header(request, user).trim()
    // Of two headers Node makes one with a comma: a client has sent one as well
    if (!trusted.has(from) || name === '' || name.includes(',') || !isOwnPage(request)) return null
    const member = header(request, groups)
      .split(',')
      .map((each) => each.trim())
    const role = roles.findLast(
      (each) => given[each]?.users?.includes(name) || given[each]?.groups?.some((one) => member.includes(one)),
    )
    return role ? { name, role } : null
  }
}
