import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
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

/** Elements of the longest page, and some more. */
const mostTabs = 500

/** Goes to it as somebody without a mouse does: by Tab, from wherever the focus is. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor()
  for (let n = 0; n < mostTabs; n++) {
    if (await target.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`No Tab leads to ${target}.`)
}

/** Goes to it and presses a key there. */
export async function press(page: Page, target: Locator, key = 'Enter'): Promise<void> {
  await tabTo(page, target)
  await page.keyboard.press(key)
}

/** Goes to it and types; in a choice that chooses what begins so. */
export async function type(page: Page, target: Locator, text: string): Promise<void> {
  await tabTo(page, target)
  await page.keyboard.type(text)
}
