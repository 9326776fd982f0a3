import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from '../model/operations.ts'
import type { Random } from '../model/random.ts'
import type { Next, Operation } from './operations.ts'

interface Answer {
  readonly data?: { readonly it?: unknown } | null
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[]
}

/** What a client makes of an answer. */
export interface Told {
  readonly outcome: Outcome
  /** The code of an error, or of what befell the connection. */
  readonly code: string | null
  readonly message: string | null
}

/** A client gives up then: a gateway answers within 25 s, unless it is suspended. */
const patienceMs = 40_000

/** Codes that say that nothing was written. */
const refusals = new Set(['CONFLICT', 'TRY_AGAIN', 'UNAVAILABLE'])

function toldBy({ data, errors }: Answer): Told {
  const [error] = errors ?? []
  const message = error?.message ?? null
  if (!error) return { outcome: data?.it === null || data?.it === false ? 'none' : 'ok', code: null, message }
  const code = error.extensions?.code ?? 'none'
  return { outcome: refusals.has(code) ? 'refused' : 'unknown', code, message }
}

/** The code of what befell the connection. */
function codeOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: string } }
  return cause?.code ?? (error as Error).name
}

export async function ask(url: string, query: string, variables: object): Promise<Told> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(patienceMs),
    })
    return toldBy((await response.json()) as Answer)
  } catch (error) {
    const code = codeOf(error)
    return { outcome: code === 'ECONNREFUSED' ? 'refused' : 'unknown', code, message: null }
  }
}

export interface Clients {
  readonly operations: readonly Operation[]
  /** How often each code was told, by type. */
  readonly codes: ReadonlyMap<string, number>
  /** Faults of ours that clients were shown, and refusals that no client has earned. */
  readonly odd: readonly string[]
  stop(): Promise<void>
}

const told = new Set(['CONFLICT', 'TRY_AGAIN', 'UNAVAILABLE', 'UNKNOWN_OUTCOME'])

/**
 * Clients that ask one thing after the other, each time of one of the gateways.
 *
 * @param urls where they may ask.
 */
export function startClients(
  clients: readonly { readonly client: number; readonly next: Next }[],
  urls: readonly string[],
  random: (client: number) => Random,
): Clients {
  const operations: Operation[] = []
  const codes = new Map<string, number>()
  const odd: string[] = []
  let running = true
  const run = async (client: number, next: Next): Promise<void> => {
    const own = random(client + 1_000)
    for (let n = 0; running; n++) {
      const { query, variables, ...mutation } = next(`${client}.${n}`)
      const { holders } = variables as { holders?: [string, string] }
      const start = performance.now()
      const operation: Operation = { ...mutation, ...(holders && { holders }), start, end: null, outcome: 'unknown' }
      operations.push(operation)
      const { outcome, code, message } = await ask(own.pick(urls), query, variables)
      // One of several steps was refused: the earlier ones stand
      operation.outcome = operation.kind === 'seat' && code === 'CONFLICT' ? 'unknown' : outcome
      operation.end = performance.now()
      if (code !== null) {
        const which = `${operation.type} ${code}`
        codes.set(which, (codes.get(which) ?? 0) + 1)
      }
      if (message !== null && !told.has(code!)) odd.push(`${code} for ${operation.kind} of ${operation.id}: ${message}`)
      await sleep(outcome === 'refused' ? 100 : own.below(20))
    }
  }
  const all = clients.map(({ client, next }) => run(client, next))
  return {
    operations,
    codes,
    odd,
    async stop() {
      running = false
      await Promise.all(all)
    },
  }
}
