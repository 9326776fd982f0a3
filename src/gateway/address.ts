import type { IncomingMessage } from 'node:http'

/** Host names, addresses and ports; no spaces, no paths, no users. */
const hostPattern = /^(\[[\da-f:.]+\]|[\w.~-]+)(:\d{1,5})?$/i

/** A target that names its server as well, as those that a proxy is sent do: all servers must take it (RFC 9112, 3.2.2). */
const absoluteForm = /^https?:\/\/([^/?#]*)([^#]*)$/i

/** The headers as they were sent: of several of one name Node keeps the first, and a proxy may go by another. */
function hosts({ rawHeaders }: IncomingMessage): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (rawHeaders[at]!.length === 4 && rawHeaders[at]!.toLowerCase() === 'host') count++
  return count
}

/** The last that was one: nearly all requests of a gateway have the same. */
let known = { host: '', url: '' }

/**
 * Whether host and path make an address: what stands behind would throw otherwise. Of a target in absolute form the path
 * stays, and its host counts, not the header, which must be there all the same, once (RFC 9112, 3.2).
 */
export function isAddressed(request: IncomingMessage): boolean {
  const { httpVersion, headers } = request
  if (hosts(request) > 1) return false
  if (headers.host === known.host && request.url === known.url) return true
  if (headers.host === undefined ? httpVersion !== '1.0' : !hostPattern.test(headers.host)) return false
  const [, host, target] = absoluteForm.exec(request.url ?? '') ?? []
  if (host !== undefined) {
    if (!hostPattern.test(host)) return false
    headers.host = host
    request.url = target!.startsWith('/') ? target : `/${target}`
  }
  const { url = '' } = request
  const { host: named = 'localhost' } = headers
  if (!url.startsWith('/') || !URL.canParse(`http://${named}${url}`)) return false
  known = { host: named, url }
  return true
}
