import { CrossfadeError } from './errors.ts'

const parts = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?<authority>[^/?#]*)(?<rest>.*)$/is

interface Parts {
  readonly authority: string
  readonly rest: string
}

/** Null where it is not clear what is a password: an `@` behind the hosts, or a scheme that is missing. */
function split(uri: string): Parts | null {
  const { authority, rest } = parts.exec(uri)?.groups ?? {}
  return authority !== undefined && rest !== undefined && !rest.includes('@') ? { authority, rest } : null
}

/**
 * Refuses the address of a store whose password cannot be told from its hosts: a driver would look for a host that is
 * named like half a password, and say so.
 *
 * @param setting the variable that holds it.
 * @throws MISCONFIGURED without a part of the address.
 */
export function checkUri(setting: string, uri: string): void {
  if (split(uri)) return
  throw new CrossfadeError(
    'MISCONFIGURED',
    `${setting} cannot be read: in user, password and options write @ as %40, / as %2F, : as %3A, ? as %3F, # as %23 and % as %25.`,
  )
}

/** All that is ever printed of a store's address: `a:27017,b:27017`, a socket's path, or that it is not clear. */
export function hostsOf(uri: string): string {
  const found = split(uri)
  if (!found) return 'an address that cannot be read'
  const hosts = found.authority.slice(found.authority.lastIndexOf('@') + 1)
  const named = hosts || new URLSearchParams(/\?([^#]*)/.exec(found.rest)?.[1]).get('host') || 'localhost'
  try {
    return decodeURIComponent(named)
  } catch {
    return named
  }
}

/** The same text without what an address holds beside its hosts. */
export function withoutSecrets(text: string, uri: string): string {
  const userinfo = /:\/\/(.*)@/s.exec(uri)?.[1] ?? ''
  const password = userinfo.slice(userinfo.indexOf(':') + 1)
  // A shorter one would take the letters out of other words
  const secrets = [uri, userinfo, password, decoded(password)].filter((secret) => secret.length > 3)
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, '…'), text)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
