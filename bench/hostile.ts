import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostileRequests } from '../test/gateway/hostile-requests.ts'
import { liveHeap, megabytes } from '../test/support/live-heap.ts'
import { queries, say, withFixture } from './fixture.ts'
import type { Row } from './row.ts'

const honestRequests = 300

function start(client: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, `${client}.ts`), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const said = child.stdout.toArray().then((chunks) => JSON.parse(chunks.join('')))
  return { said, end: () => child.stdin.end() }
}

const honest = (url: string, body: string): Promise<{ p50: number; p99: number }> =>
  start('latency-client', url, body, '1', String(honestRequests)).said

/**
 * What a client that asks for one record at a time sees while another, in a third process, sends one hostile request
 * after the other; the gateway's answer to that, and what its live heap has grown by. `only`: a text of the titles.
 */
export function hostile(only: string): Promise<Row[]> {
  return withFixture(async ({ movieId, startGateway, move, copy }) => {
    const gateway = await startGateway()
    await copy()
    await move('live')
    await gateway.routing.flags.refresh()
    const folder = mkdtempSync(join(tmpdir(), 'crossfade-hostile-'))
    const body = JSON.stringify(Object.values(queries(movieId))[0])
    const rows: Row[] = []
    await honest(gateway.url, body) // warms up
    for (const { title, body: bad } of hostileRequests.filter(({ title }) => title.includes(only))) {
      const file = join(folder, 'body')
      writeFileSync(file, bad())
      const alone = await honest(gateway.url, body)
      const heap = liveHeap()
      const attack = start('hostile-client', gateway.url, file)
      const beside = await honest(gateway.url, body)
      attack.end()
      const { sent, longest, first } = await attack.said
      const grown = `heap ${megabytes(liveHeap() - heap)} MB more`
      const seen = `honest p50 ${beside.p50.toFixed(1)} ms, alone ${alone.p50.toFixed(1)}`
      say(`${title}: sent ${sent} times, at most ${Math.round(longest)} ms, ${grown}, ${seen}: ${first.slice(0, 120)}`)
      const unit = 'ms, p99 of an honest client'
      const ratio = beside.p99 / alone.p99
      const [baseline, ours] = [alone, beside].map(({ p99 }) => Math.round(p99 * 10) / 10) as [number, number]
      rows.push({ bench: 'hostile', case: title, baseline, ours, unit, ratio })
    }
    rmSync(folder, { recursive: true })
    await gateway.close()
    return rows
  })
}
