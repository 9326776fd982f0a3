import { latencies, type StoreLatency } from '../../shadow/latency.ts'
import type { Gate } from '../gate.ts'
import { lastMeasuredAnew } from '../measured-anew.ts'
import type { GateSettings } from '../settings.ts'

/** So many milliseconds more are no reason to stay, whatever the factor: both stores are fast then. */
const slackMs = 5

/** Of fewer reads the 99th percentile is the slowest one. */
const leastReads = 100

/** Whoever asks for fewer comparisons has fewer reads. */
const leastOf = ({ comparisons }: GateSettings): number =>
  comparisons === false ? leastReads : Math.max(1, Math.min(leastReads, comparisons))

const timedIn = (store: StoreLatency | undefined): number => store?.timed ?? 0

/** The same reads, as both stores answered them: enough that they tell something of the slow ones. */
export const latency: Gate = async ({ stores, entity, settings }) => {
  const factor = settings.latencyFactor
  if (factor === false) return null
  const { findings } = stores.postgres
  const [timings, failures, anew] = await Promise.all([
    findings.timings(),
    findings.failures(),
    lastMeasuredAnew(stores.postgres),
  ])
  const { mongo, postgres } = latencies(timings, failures, 'type').find(({ type }) => type === entity.name) ?? {}
  const [before, after] = [mongo?.p99 ?? null, postgres?.p99 ?? null]
  const reads = Math.min(timedIn(mongo), timedIn(postgres))
  const since = anew ? `, since ${anew.by} had the times forgotten at ${anew.at} ("${anew.why}")` : ''
  const least = leastOf(settings)
  if (before === null || after === null || reads < least) {
    const found = `${reads} reads were timed in both stores, where ${least} are asked for${since}`
    return { met: false, found, remedy: 'let reads be compared in shadow' }
  }
  const found = `of ${reads} reads 99 % took PostgreSQL at most ${after.toFixed(1)} ms, and MongoDB ${before.toFixed(1)} ms${since}`
  if (after <= Math.max(before * factor, before + slackMs)) return { met: true, found }
  const remedy = 'see `crossfade mismatches latency` and `crossfade doctor`; `latency --reset` measures anew'
  return { met: false, found: `${found}, which is more than ${factor} times as long`, remedy }
}
