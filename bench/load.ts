import { spawn } from 'node:child_process'

export interface Load {
  readonly url: string
  readonly body: string
  readonly connections: number
  /** Requests in all: a fixed number, since slow answers would fall off the end of a fixed time. */
  readonly requests: number
}

export interface Loaded {
  readonly perSecond: number
  /** The 99th percentile, in milliseconds. */
  readonly p99: number
  /** What this process, which serves, spent on one request, in microseconds. */
  readonly cpu: number
}

/** What a server of this process answers to a load generator in a process of its own. */
export async function load({ url, body, connections, requests }: Load): Promise<Loaded> {
  const args = [
    '-j',
    '-n',
    '-m',
    'POST',
    '-c',
    String(connections),
    '-L',
    '10',
    '-t',
    '60',
    '-a',
    String(requests),
    '-H',
    'content-type=application/json',
    '-b',
    body,
    url,
  ]
  const before = process.cpuUsage()
  const child = spawn('autocannon', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  for await (const chunk of child.stdout) text += String(chunk)
  const { latency, non2xx, errors, start, finish } = JSON.parse(text) as {
    latency: { p99: number }
    non2xx: number
    errors: number
    start: string
    finish: string
  }
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} requests of a bench failed`)
  const { user, system } = process.cpuUsage(before)
  const perSecond = (requests * 1000) / (Date.parse(finish) - Date.parse(start))
  return { perSecond, p99: latency.p99, cpu: (user + system) / requests }
}

export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!
