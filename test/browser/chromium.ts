import { spawnSync } from 'node:child_process'
import { type Browser, chromium } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome']

/** A Chromium of this machine; null where there is none. `CHROMIUM` names one that is not on PATH. */
export const chromiumPath = (): string | null =>
  process.env['CHROMIUM'] ??
  (names.map((name) => spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim()).find(Boolean) || null)

/** Root has no sandbox, and pages of ours alone are opened. */
export const launch = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
