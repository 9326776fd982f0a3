import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'

export const wide = { viewport: { width: 1280, height: 900 } }
export const narrow = { viewport: { width: 390, height: 844 } }

/** A tab at a link, for one test. Whatever the page complains of fails it. */
export async function openTab(browser: Browser, link: string, options: BrowserContextOptions = wide): Promise<Page> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  page.setDefaultTimeout(60_000) // the machine may be busy
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    // Who has no token is asked for one
    if (message.type() === 'error' && !message.text().includes('status of 401')) complaints.push(message.text())
  })
  onTestFinished(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })
  await page.goto(link)
  return page
}

/** The page that a heading names is there. */
export const heading = (page: Page, name: string | RegExp): Promise<void> =>
  page.getByRole('heading', { level: 1, name }).waitFor()
