import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { migrateAll } from '../src/cli/migrate.ts'
import { openSession } from '../src/cli/session.ts'
import type { Findings, SeenGroup } from '../src/stores/findings.ts'
import { chromiumPath, launch } from '../test/browser/chromium.ts'
import { serveConsole } from '../test/browser/served-console.ts'
import { nothingSeen } from '../test/support/nothing-seen.ts'
import { say } from './fixture.ts'
import { median } from './load.ts'
import type { Row } from './row.ts'

const [few, many] = [100, 100_000]
const rounds = 5

const hourMs = 3_600_000
const atOnce = 1_000

const nameOf = (n: number): string => n.toString(16).padStart(12, '0')

const seen = (n: number, agoMs: number): SeenGroup => ({
  fingerprint: nameOf(n),
  type: 'Movie',
  resolver: `Query.movies${n % 50}`,
  kind: 'divergence',
  path: `field${n}`,
  count: n + 1,
  firstMs: agoMs,
  lastMs: agoMs,
  examples: [],
})

/** So many groups, each seen in three hours of the last day. */
async function fill(findings: Findings, count: number): Promise<void> {
  await findings.clear()
  for (const agoMs of [12 * hourMs, 6 * hourMs, 0])
    for (let from = 0; from < count; from += atOnce) {
      const groups = Array.from({ length: Math.min(atOnce, count - from) }, (_, n) => seen(from + n, agoMs))
      await findings.add({ ...nothingSeen, groups })
    }
}

/** How long the page takes to show a text, in milliseconds. */
async function until(page: Page, text: string, act: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await act()
  await page.getByText(text).first().waitFor()
  return performance.now() - began
}

const firstPaint = (page: Page): Promise<number> =>
  page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]!.startTime)

const names = ['first paint', 'list', 'page 1 of a search', 'one group'] as const

/** A list of 100,000 groups of differences in a browser, against one of 100. @throws where there is no Chromium. */
export async function consoleBench(): Promise<Row[]> {
  const path = chromiumPath()
  if (!path) throw new Error('This needs Chromium: see CHROMIUM in test/browser/chromium.ts.')
  const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-bench-'))
  process.env['CROSSFADE_DATA_DIR'] = dataDir
  const session = await openSession(undefined, say)
  const served = await serveConsole(session.config)
  const browser = await launch(path)
  try {
    await migrateAll(session)
    const measured = async (count: number): Promise<number[]> => {
      await fill(session.stores.postgres.findings, count)
      const times: number[][] = names.map(() => [])
      for (let round = 0; round < rounds; round++) {
        const page = await (await browser.newContext()).newPage()
        await page.goto(await served.link('viewer', session.stores))
        await page.getByText('Movie').first().waitFor()
        times[0]!.push(await firstPaint(page))
        const to = (hash: string) => () => page.evaluate((next) => void (location.hash = next), hash)
        const all = `1 to 50 of ${new Intl.NumberFormat('en').format(count)}`
        times[1]!.push(await until(page, all, to('/mismatches')))
        times[2]!.push(await until(page, 'Movie field77', to('/mismatches?text=field77')))
        times[3]!.push(await until(page, 'What was said', to(`/mismatches/${nameOf(77)}`)))
        await page.context().close()
      }
      return times.map(median)
    }
    const [small, large] = [await measured(few), await measured(many)]
    return names.map((name, at) => ({
      bench: 'console',
      case: `${name}, 100,000 groups against 100`,
      baseline: Math.round(small[at]!),
      ours: Math.round(large[at]!),
      unit: 'ms',
      ratio: large[at]! / small[at]!,
    }))
  } finally {
    await browser.close()
    await served.close()
    await session.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}
