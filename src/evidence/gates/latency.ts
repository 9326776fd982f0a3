import { latencies } from '../../shadow/latency.ts'
import type { Gate } from '../gate.ts'

/** So many milliseconds more are no reason to stay, whatever the factor: both stores are fast then. */
const slackMs = 5

/** The same reads, as both stores answered them. */
export const latency: Gate = async ({ stores, entity, settings }) => {
  const factor = settings.latencyFactor
  if (factor === false) return null
  const { findings } = stores.postgres
  const all = latencies(await findings.timings(), await findings.failures(), 'type')
  const { mongo, postgres } = all.find(({ type }) => type === entity.name) ?? {}
  const [before, after] = [mongo?.p99 ?? null, postgres?.p99 ?? null]
  if (before === null || after === null)
    return { met: false, found: 'no read was timed in both stores', remedy: 'let reads be compared in shadow' }
  const found = `of ${postgres!.reads} reads 99 % took PostgreSQL at most ${after.toFixed(1)} ms, and MongoDB ${before.toFixed(1)} ms`
  if (after <= Math.max(before * factor, before + slackMs)) return { met: true, found }
  const remedy = 'see `crossfade mismatches latency` and `crossfade doctor`; `latency --reset` measures anew'
  return { met: false, found: `${found}, which is more than ${factor} times as long`, remedy }
}
