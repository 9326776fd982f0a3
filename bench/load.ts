import { spawn } from 'node:child_process'

export interface Load {
  readonly url: string
  readonly body: string
  readonly connections: number
  readonly seconds: number
}

/** Requests a second and the 99th percentile in milliseconds, from a load generator in a process of its own. */
export async function load({ url, body, connections, seconds }: Load): Promise<{ perSecond: number; p99: number }> {
  const args = [
    '-j',
    '-n',
    '-m',
    'POST',
    '-c',
    String(connections),
    '-d',
    String(seconds),
    '-H',
    'content-type=application/json',
    '-b',
    body,
    url,
  ]
  const child = spawn('autocannon', args, { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  for await (const chunk of child.stdout) text += String(chunk)
  const { requests, latency, non2xx, errors } = JSON.parse(text) as {
    requests: { average: number }
    latency: { p99: number }
    non2xx: number
    errors: number
  }
  if (non2xx + errors > 0) throw new Error(`${non2xx + errors} requests of a bench failed`)
  return { perSecond: requests.average, p99: latency.p99 }
}

export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!
