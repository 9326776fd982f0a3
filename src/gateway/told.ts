import type { Failure } from '../stores/failure.ts'
import { failureOf as mongoFailure } from '../stores/mongo/errors.ts'
import { ConnectionFailure } from '../stores/postgres/connection-failure.ts'
import { failureOf as postgresFailure } from '../stores/postgres/errors.ts'
import { messageOf } from '../util/errors.ts'
import type { Origin } from '../util/origin.ts'
import { hostsOf, withoutSecrets } from '../util/store-uri.ts'

const remedies: Readonly<Record<Failure, string>> = {
  unreachable: 'See that it runs, and that the setting names it.',
  busy: 'Try again when it has less to do, or give it more connections.',
  full: 'Try again when the gateway has less to do, or give it more connections.',
  timeout: 'Try again when it has less to do.',
  forbidden: 'See user and password of the setting, and the rights in docs/security.md.',
  unfit: 'Run `crossfade migrate up`; `crossfade migrate diff` shows what the tables lack.',
  conflict: 'Another record holds the value.',
  refused: 'It cannot hold the value.',
  unknown: 'Look whether the change was made before you repeat it.',
}

/** Where nothing is changed, nothing is to be looked for. */
const readRemedies: typeof remedies = { ...remedies, unknown: 'Try again.' }

interface Telling {
  readonly env?: NodeJS.ProcessEnv
  /** The command changes nothing. */
  readonly reads?: boolean
}

/**
 * What the error of a store says to an operator: which store, where, why, and what to do, in one line. Null for what
 * is no store's.
 */
export function toldOf(
  error: unknown,
  { env = process.env, reads = false }: Telling = {},
): { readonly origin: Origin; readonly line: string } | null {
  const stores = [
    ['mongo', 'MongoDB', 'MONGODB_URI', mongoFailure(error)],
    ['postgres', 'PostgreSQL', 'DATABASE_URL', postgresFailure(error)],
  ] as const
  for (const [origin, store, setting, failure] of stores) {
    if (failure === null || error instanceof RangeError) continue
    const uri = env[setting]
    const place = uri ? `${hostsOf(uri)} (${setting})` : 'the data directory'
    const why = withoutSecrets(messageOf(error), uri ?? '').replaceAll(/\s*\n\s*/g, ' ')
    // What was found wrong with a connection says itself what to do
    const remedy = (reads ? readRemedies : remedies)[failure]
    const end = error instanceof ConnectionFailure && failure === 'unfit' ? '' : ` ${remedy}`
    return { origin, line: `${store} at ${place}: ${why.replace(/\.$/, '')}.${end}` }
  }
  return null
}

/** The line alone. */
export const told = (error: unknown, given?: Telling): string | null => toldOf(error, given)?.line ?? null
