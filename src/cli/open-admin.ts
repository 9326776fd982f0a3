import { type RunningAdmin, startAdmin } from '../admin/admin-server.ts'
import { KnownTokens } from '../admin/known-tokens.ts'
import type { Metrics } from '../admin/metrics.ts'
import { routingMetrics } from '../admin/routing-metrics.ts'
import { ledgersOf } from '../control/flag-store.ts'
import type { Settings } from '../gateway/settings.ts'
import type { Routing } from '../routing/routing.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'

const defaultPort = 4001

/**
 * The admin port of a gateway. Where none is asked for, and another gateway of this machine has the default one, there is
 * none, and the log says so.
 *
 * @throws MISCONFIGURED where the one that is asked for is taken.
 */
export async function openAdmin(
  { ADMIN_PORT: port, ADMIN_HOST: host }: Settings,
  routing: Routing,
  metrics: Metrics,
): Promise<RunningAdmin | null> {
  for (const each of routingMetrics(routing)) metrics.add(each)
  const tokens = new KnownTokens(ledgersOf(routing.stores))
  try {
    const admin = await startAdmin({ port: port ?? defaultPort, host, tokens, metrics })
    routing.log('info', `The admin port listens at ${admin.url}; \`crossfade token make\` gives access.`)
    return admin
  } catch (error) {
    if (port !== undefined || !(error instanceof CrossfadeError)) throw error
    routing.log('warn', `There is no admin port: ${messageOf(error)}`)
    return null
  }
}
