import type { IncomingMessage } from 'node:http'

/** Host names, addresses and ports; no spaces, no paths, no users. */
const hostPattern = /^(\[[\da-f:.]+\]|[\w.~-]+)(:\d{1,5})?$/i

/** A target that names its server as well, as those that a proxy is sent do: all servers must take it (RFC 9112, 3.2.2). */
const absoluteForm = /^https?:\/\/([^/?#]*)([^#]*)$/i

/** The last that was one: nearly all requests of a gateway have the same. */
let known = { host: '', url: '' }

/**
 * Whether host and path make an address: what stands behind would throw otherwise. Of a target in absolute form the path
 * stays, and its host counts, not the header, which must be there all the same.
 */
export function isAddressed(request: IncomingMessage): boolean {
  const { httpVersion, headers } = request
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
