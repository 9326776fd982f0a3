import { readSettings } from '../gateway/settings.ts'
import { messageOf } from '../util/errors.ts'

/** A gateway that hangs keeps nobody from the others. */
const patienceMs = 2_000

export interface Peers {
  readonly told: readonly string[]
  /** Why not, by address. */
  readonly untold: ReadonlyMap<string, string>
}

async function tell(peer: string, token: string, type: string, on: boolean): Promise<string | null> {
  const url = new URL('/kill', peer)
  url.searchParams.set('type', type)
  url.searchParams.set('here', '') // the stores are told by whoever tells the peers
  try {
    const { ok, status } = await fetch(url, {
      method: on ? 'POST' : 'DELETE',
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(patienceMs),
    })
    return ok ? null : `it answered ${status}`
  } catch (error) {
    return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error)
  }
}

/** The admin ports that `ADMIN_PEERS` names, so that a kill reaches gateways that see no store either. Never rejects. */
export async function tellPeers(type: string, on: boolean): Promise<Peers> {
  const { ADMIN_PEERS: peers, ADMIN_TOKEN: token } = readSettings()
  const why = await Promise.all(
    peers.map((peer) =>
      token === undefined ? 'ADMIN_TOKEN, of an operator, is not set' : tell(peer, token, type, on),
    ),
  )
  return {
    told: peers.filter((_, at) => why[at] === null),
    untold: new Map(peers.flatMap((peer, at) => (why[at] ? [[peer, why[at]] as const] : []))),
  }
}
