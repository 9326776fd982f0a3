import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import config from '../crossfade.config.ts'
import { chromiumPath, launch } from '../test/browser/chromium.ts'
import { serveConsole } from '../test/browser/served-console.ts'
import { liveHeap, megabytes } from '../test/support/live-heap.ts'
import { say, withFixture } from './fixture.ts'
import { mixedTraffic } from './mixed-traffic.ts'
import type { Row } from './row.ts'

/** A page of the console for so long, then the next one. */
const pageMs = 5_000

const pages = ['types', 'types/Movie', 'mismatches', 'outbox', 'jobs', 'issues', 'history']

const at = (times: readonly number[], share: number): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? 0

/** Somebody who looks at one page of the console after the other. */
async function looking(browser: Browser, link: string, signal: AbortSignal): Promise<void> {
  const page: Page = await (await browser.newContext()).newPage()
  await page.goto(link)
  await page.getByText('Movie').first().waitFor()
  for (let n = 0; !signal.aborted; n++) {
    await page.evaluate((next) => void (location.hash = next), `/${pages[n % pages.length]}`)
    await sleep(pageMs, undefined, { signal }).catch(() => undefined)
  }
  await page.context().close()
}

/**
 * Mixed traffic in shadow at 100 %, while every second minute somebody looks at the console, in a browser on the same
 * machine: how long reads take then and without.
 *
 * @throws where there is no Chromium.
 */
export function consoleSoak(_only: string, minutes: number): Promise<Row[]> {
  const path = chromiumPath()
  if (!path) throw new Error('This needs Chromium: see CHROMIUM in test/browser/chromium.ts.')
  return withFixture(async ({ stores, movieId, startGateway, move, copy }) => {
    const gateway = await startGateway()
    await copy()
    await move('shadow', 100)
    await gateway.routing.flags.refresh()
    const served = await serveConsole(config)
    const link = await served.link('viewer', stores) // each is a port of its own
    const browser = await launch(path)
    const traffic = mixedTraffic(gateway.url, movieId)
    const times: Record<'open' | 'closed', number[]> = { open: [], closed: [] }
    const heaps: number[] = []
    for (let minute = 1; minute <= minutes; minute++) {
      const stop = new AbortController()
      const isOpen = minute % 2 === 0
      const looked = isOpen ? looking(browser, link, stop.signal) : null
      traffic.takeTimes()
      await sleep(60_000)
      const taken = traffic.takeTimes()
      stop.abort()
      await looked
      times[isOpen ? 'open' : 'closed'].push(...taken)
      heaps.push(liveHeap())
      const { reads, writes, errors } = traffic.counts
      const [p50, p99] = [at(taken, 0.5), at(taken, 0.99)].map((ms) => ms.toFixed(1))
      const told = `p50 ${p50} ms, p99 ${p99} ms, heap ${megabytes(heaps.at(-1)!)} MB`
      say(
        `minute ${minute}, ${isOpen ? 'open' : 'closed'}: ${told}; ${reads} reads, ${writes} writes, ${errors} errors`,
      )
    }
    await traffic.stop()
    await browser.close()
    await served.close()
    await gateway.close()
    const row = (name: string, unit: string, baseline: number, ours: number): Row => ({
      bench: 'console-soak',
      case: name,
      baseline,
      ours,
      unit,
      ratio: ours / baseline,
    })
    return [
      ...([50, 99] as const).map((percent) =>
        row(
          `p${percent} of reads, the console open against closed`,
          'ms',
          at(times.closed, percent / 100),
          at(times.open, percent / 100),
        ),
      ),
      row(
        'live heap, third and last minute',
        'MB',
        megabytes(heaps[Math.min(2, heaps.length - 1)]!),
        megabytes(heaps.at(-1)!),
      ),
    ]
  })
}
