import type { Latency, StoreLatency } from '../shadow/latency.ts'

export const latencyHead = ['mongo p50/p95/p99', 'postgres p50/p95/p99', 'failed (mongo, postgres)'] as const

function times({ p50, p95, p99 }: StoreLatency): string {
  if (p50 === null || p95 === null || p99 === null) return '-'
  const ms = (value: number): string => value.toPrecision(value < 100 ? 2 : 3)
  return `${[p50, p95, p99].map((value) => Number(ms(value))).join(' / ')} ms`
}

const share = ({ failed }: StoreLatency): string =>
  failed === null ? '-' : `${Number((failed * 100).toPrecision(2))} %`

/** What both stores took for the same reads, as columns of a table; dashes where nothing was compared. */
export function latencyColumns(latency: Latency | undefined): string[] {
  if (!latency) return ['-', '-', '-']
  const { mongo, postgres } = latency
  return [times(mongo), times(postgres), `${share(mongo)}, ${share(postgres)}`]
}
