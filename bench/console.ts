import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { Page } from 'playwright-core'
import { migrateAll } from '../src/cli/migrate.ts'
import { openSession } from '../src/cli/session.ts'
import type { PostgresStore } from '../src/stores/postgres/postgres-store.ts'
import { chromiumPath, launch } from '../test/browser/chromium.ts'
import { serveConsole } from '../test/browser/served-console.ts'
import { say } from './fixture.ts'
import type { Row } from './row.ts'

const [few, many] = [100, 100_000]
const rounds = 5

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!

/** So many groups, each seen in four hours of the last day. */
async function fill({ connection }: PostgresStore, count: number): Promise<void> {
  await connection.run(sql`truncate crossfade.mismatch_groups cascade`)
  await connection.run(
    sql`insert into crossfade.mismatch_groups (fingerprint, entity, resolver, kind, path, count, first_at, last_at)
        select md5(n::text), 'Movie', 'Query.movies' || n % 50, 'divergence', 'field' || n, n, now(), now()
        from generate_series(1, ${count}::int) n`,
  )
  await connection.run(
    sql`insert into crossfade.mismatch_hours (fingerprint, hour, count, at)
        select fingerprint, floor(extract(epoch from now()) / 3600)::int - h, count, now()
        from crossfade.mismatch_groups, generate_series(0, 18, 6) h`,
  )
  await connection.run(sql`analyze crossfade.mismatch_groups`)
  await connection.run(sql`analyze crossfade.mismatch_hours`)
}

/** How long the page takes to show a text, in milliseconds. */
async function until(page: Page, text: string | RegExp, act: () => Promise<unknown>): Promise<number> {
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
      await fill(session.stores.postgres, count)
      const times: number[][] = names.map(() => [])
      for (let round = 0; round < rounds; round++) {
        const page = await (await browser.newContext()).newPage()
        await page.goto(await served.link('viewer', session.stores))
        await page.getByText('Movie').first().waitFor()
        times[0]!.push(await firstPaint(page))
        const to = (hash: string) => () => page.evaluate((next) => void (location.hash = next), hash)
        const all = new RegExp(`of ${new Intl.NumberFormat('en').format(count)}$`)
        times[1]!.push(await until(page, all, to('/mismatches')))
        times[2]!.push(await until(page, 'Movie field77', to('/mismatches?text=field77')))
        const [group] = await session.stores.postgres.connection.run<{ name: string }>(sql`select md5('77') as name`)
        times[3]!.push(await until(page, 'What was said', to(`/mismatches/${group!.name}`)))
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
