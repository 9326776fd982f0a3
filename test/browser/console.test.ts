import { mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { postgresStore } from '../../src/stores/postgres/postgres-store.ts'
import { changeUnseen } from '../support/stores.ts'
import { chromiumPath, launch } from './chromium.ts'
import { type OpenedConsole, openConsole } from './opened-console.ts'
import { heading, narrow, openTab, wide } from './tab.ts'

const path = chromiumPath()

const screenshots = join(import.meta.dirname, '.screenshots')
mkdirSync(screenshots, { recursive: true })

describe.skipIf(path === null)('The console', { timeout: 300_000 }, () => {
  let opened: OpenedConsole
  let browser: Browser
  beforeAll(async () => {
    opened = await openConsole()
    browser = await launch(path!)
  }, 180_000)
  afterAll(async () => {
    await browser?.close()
    await opened?.close()
  })

  const open = (link: string, options?: BrowserContextOptions): Promise<Page> => openTab(browser, link, options)

  test('asks for a token, and lets a good one in', async () => {
    const link = await opened.link('viewer')
    const page = await open(link.split('#')[0]!)
    await heading(page, 'Crossfade')
    await page.getByLabel('Token').fill('viewer')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await heading(page, 'Types')
    expect(await page.getByText('the-viewer (viewer)').isVisible()).toBe(true)
    expect(await page.getByRole('button', { name: /Kill/ }).count()).toBe(0)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Token').waitFor()
  })

  test('a link brings its token, which leaves the address', async () => {
    const page = await open(await opened.link('qa'))
    await heading(page, 'Types')
    expect(page.url()).not.toContain('token')
    const row = page.getByRole('row', { name: /Note/ })
    await row.getByText('shadow').waitFor()
    expect(await row.getByText('mongo', { exact: true }).isVisible()).toBe(true)
  })

  test('what a type still lacks is one click away, and says where it is seen to', async () => {
    const page = await open(await opened.link('qa'))
    await page.getByRole('link', { name: /^live: \d+ of \d+ unmet$/ }).click()
    await page.getByText(/^verified: not met/).waitFor()
    await page.getByText('Report for a change ticket').click()
    await page.getByText('## Note: shadow → live').waitFor()
    await page.getByRole('button', { name: 'Sign shadow → live as the-qa' }).click()
    const why = page.getByLabel('Why', { exact: true })
    expect(await why.evaluate((input) => (input as HTMLInputElement).validity.valueMissing)).toBe(true)
    await page.getByRole('link', { name: 'its mismatches', exact: true }).click()
    await heading(page, 'Mismatches')
    expect(page.url()).toMatch(/#\/mismatches\?type=Note$/)
  })

  test('QA has what clients asked of a group asked again, and sees what differs', async () => {
    const page = await open(await opened.link('qa'))
    await heading(page, 'Types')
    await page.evaluate(() => {
      location.hash = '/mismatches/abc123'
    })
    await page.getByRole('button', { name: 'Replay what selects Query.note on both stores' }).click()
    await page.getByText('Replay of Query.note done').waitFor()
    await page.getByText('12 operations compared between mongo and postgres: 11 equal, 1 different').waitFor()
    await page.getByText('Not compared: 3 mutations; 2 do not select the field.').waitFor()
    await page.getByText('OneNote note.text: value, 1 times').click()
    await page.getByText('as it was').waitFor()
    await page.evaluate(() => {
      location.hash = '/jobs'
    })
    await page.getByText('Replay of Query.note done').waitFor()
    await page.getByRole('button', { name: 'Replay all of it on both stores' }).waitFor()
    const reader = await open(await opened.link('viewer'))
    await heading(reader, 'Types')
    await reader.evaluate(() => {
      location.hash = '/jobs'
    })
    await reader.getByText('12KB of what clients asked are recorded here').waitFor()
    expect(await reader.getByRole('button', { name: /^Replay/ }).count()).toBe(0)
  })

  test('QA finds a difference, sees both sides, judges it and signs', async () => {
    const page = await open(await opened.link('qa'))
    await page.getByRole('link', { name: 'Mismatches' }).click()
    await page.getByText('1 to 50 of 61').waitFor()
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByText('51 to 61 of 61').waitFor()
    await page.getByLabel('Search').fill('ABC')
    await page.getByLabel('Search').press('Enter')
    await page.getByLabel('Search').blur()
    await page.getByRole('link', { name: 'Note text' }).click()
    await heading(page, /Note text/)
    const [answered, compared] = await page.getByRole('figure').all()
    await answered!.getByText('MongoDB, which answered (1.5)').waitFor()
    await compared!.getByText('PostgreSQL, compared with it (1.5)').waitFor()
    expect(await answered!.locator('mark').allInnerTexts()).toEqual(['  "text": "a",\n'])
    expect(await compared!.locator('mark').allInnerTexts()).toEqual(['  "text": "b",\n'])

    await page.getByRole('button', { name: 'Look again, in both stores' }).click()
    await page.getByText('1: agrees now').waitFor()
    await page.getByRole('combobox', { name: /^It is/ }).selectOption('noise')
    await page.getByLabel('Why', { exact: true }).fill('spaces')
    await page.getByLabel('Until', { exact: true }).fill(new Date(Date.now() + 86_400_000).toISOString().slice(0, 10))
    await page.getByRole('button', { name: 'Judge' }).click()
    await page.getByText(/the-qa called it noise until .*: spaces/).waitFor()
    await page.getByLabel('Comment', { exact: true }).fill('since May')
    await page.getByRole('button', { name: 'Comment' }).click()
    await page.getByText('the-qa commented: since May').waitFor()
    expect(await page.getByLabel('Comment', { exact: true }).inputValue()).toBe('')
    expect(await opened.api.stores.postgres.findings.show('abc123')).toMatchObject({
      group: { rule: { verdict: 'noise', by: 'the-qa' } },
    })

    await page.getByRole('heading', { level: 1 }).getByRole('link', { name: 'Note' }).click()
    await heading(page, 'Note')
    await page.getByRole('button', { name: 'What its next stage asks for' }).click()
    await page.getByText(/shadow → live: \d+ of \d+ gates are not met/).waitFor()
    await page.getByLabel('Why', { exact: true }).fill('seen')
    await page.getByRole('button', { name: 'Sign shadow → live as the-qa' }).click()
    await page.getByText(/Signed by the-qa, .*: seen/).waitFor()
  })

  test('an address that is none leads to a page that says so', async () => {
    const page = await open(await opened.link('viewer'))
    await heading(page, 'Types')
    for (const [hash, says] of [
      ['#/%E0%A4%A', 'There is no such page.'],
      ['#/mismatches/%00nope', 'NUL character'],
      ['#/types/Nope', 'There is no type Nope'],
      ['#/records?type=Note&id=x', 'Note.id'],
    ] as const) {
      await page.evaluate((to) => {
        location.hash = to
      }, hash)
      await page.getByText(says).first().waitFor()
    }
  })

  test('an operator kills a type, and is asked before', async () => {
    const page = await open(await opened.link('operator'))
    const asked: string[] = []
    page.on('dialog', (dialog) => {
      asked.push(dialog.message())
      void (asked.length === 1 ? dialog.dismiss() : dialog.accept())
    })
    const row = page.getByRole('row', { name: /Note/ })
    await row.getByRole('button', { name: 'Kill' }).click()
    await expect.poll(() => asked.length, { timeout: 20_000 }).toBe(1)
    expect(opened.killed).toEqual([])
    await row.getByRole('button', { name: 'Kill' }).click()
    await row.getByText('killed: reads answer from the authority').waitFor()
    expect(opened.killed).toEqual(['Note'])
    await row.getByRole('button', { name: 'Let the flag rule' }).click()
    await row.getByRole('button', { name: 'Kill' }).waitFor()
    expect(opened.killed).toEqual([])
    expect(asked[0]).toContain('Kill Note?')

    await page.getByRole('link', { name: 'Note', exact: true }).click()
    await heading(page, 'Note')
    await page.getByRole('button', { name: 'Kill' }).click()
    await page.getByText('killed: mongo answers').waitFor()
    expect(opened.killed).toEqual(['Note'])
    await page.getByRole('button', { name: 'Let the flag rule' }).click()
    await page.getByRole('button', { name: 'Kill' }).waitFor()
    expect(opened.killed).toEqual([])
  })

  test('an operator kills all types, and lets all flags rule again', async () => {
    const page = await open(await opened.link('operator'))
    const asked: string[] = []
    page.on('dialog', (dialog) => {
      asked.push(dialog.message())
      void dialog.accept()
    })
    await page.getByRole('button', { name: 'Kill all' }).click()
    const undo = page.getByRole('button', { name: 'Let all flags rule' })
    await undo.waitFor()
    expect(opened.killed).toEqual(['all'])
    const row = page.getByRole('row', { name: /Note/ })
    expect(await row.getByRole('button').count()).toBe(0) // one type is not let go of alone
    await undo.click()
    await page.getByRole('button', { name: 'Kill all' }).waitFor()
    await row.getByRole('button', { name: 'Kill' }).waitFor()
    expect(opened.killed).toEqual([])
    expect(asked).toEqual([
      expect.stringContaining('Kill all types?'),
      expect.stringContaining('rule again of all types'),
    ])
  })

  test('an operator repairs what differs, once it was seen what that does', async () => {
    await changeUnseen(opened.api.stores, sql`update notes set text = 'other' where id = 1`)
    const page = await open(await opened.link('operator'))
    page.on('dialog', (dialog) => void dialog.accept())
    await heading(page, 'Types')
    await page.evaluate(() => {
      location.hash = '/mismatches/abc123'
    })
    await page.getByRole('button', { name: 'What a repair would do' }).click()
    await page.getByText('1: content text').waitFor()
    await page.getByRole('button', { name: 'Repair 1' }).click()
    await page.getByText('Put: 1, removed: 0, differing still: 0, refused: 0.').waitFor()
  })

  test('an operator moves a type, where its gates say why not', async () => {
    const page = await open(await opened.link('operator'))
    page.on('dialog', (dialog) => void dialog.accept())
    await page.getByRole('link', { name: 'Note' }).click()
    await page.getByRole('combobox', { name: /^To stage/ }).selectOption('live')
    await page.getByRole('button', { name: 'Change' }).click()
    await page.getByText('Change not made').waitFor()
    await page.getByText(/Note: verified: nothing was verified/).waitFor()
  })

  test('a record is looked up in both stores, and a data issue accepted', async () => {
    await changeUnseen(opened.api.stores, sql`update notes set title = 'other' where id = 1`)
    const page = await open(await opened.link('qa'))
    await page.getByRole('link', { name: 'Records' }).click()
    await page.getByLabel('Id').fill('1')
    await page.getByRole('button', { name: 'Look up' }).click()
    const row = page.getByRole('row', { name: /title/ })
    await row.getByText('differs').waitFor()
    expect(await row.getByRole('cell').allTextContents()).toEqual(['"x"', '"other"'])
    await page.getByRole('link', { name: 'abc123' }).waitFor()
    await page.getByRole('link', { name: 'Data issues' }).click()
    await page.getByLabel(/Why it may move/).fill('an old test')
    await page.getByRole('button', { name: 'Accept' }).click()
    await page.getByText(/accepted by the-qa, .*: an old test/).waitFor()
  })

  test('with PostgreSQL down it says so, and shows what MongoDB knows', async () => {
    const dead = postgresStore({ uri: 'postgres://127.0.0.1:1/nothing' })
    onTestFinished(() => dead.close())
    const page = await open(await opened.link('viewer', { mongo: opened.api.stores.mongo, postgres: dead }))
    await page.getByText(/PostgreSQL does not answer, and what it alone knows is missing here/).waitFor()
    await page.getByRole('row', { name: /Note/ }).getByText('shadow').waitFor()
  })

  const hashes = [
    'types',
    'types/Note',
    'mismatches',
    'mismatches/abc123',
    'records?type=Note&id=1',
    'outbox',
    'jobs',
    'issues',
    'history',
  ]
  test.each([
    ['light, wide', { ...wide, colorScheme: 'light' }],
    ['dark, narrow', { ...narrow, colorScheme: 'dark' }],
  ] as const)('every page is readable by machines, and fits: %s', async (name, options) => {
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    const page = await open(await opened.link('operator'), options)
    await heading(page, 'Types')
    for (const hash of hashes) {
      await page.evaluate((to) => {
        location.hash = `/${to}`
      }, hash)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForFunction(() => !document.body.textContent?.includes('Asking …'))
      await page.screenshot({ path: join(screenshots, `${name}, ${hash.replaceAll(/\W+/g, '-')}.png`), fullPage: true })
      const width = await page.evaluate(() => document.documentElement.scrollWidth)
      expect([hash, width]).toEqual([hash, options.viewport.width])
      await page.evaluate(axe)
      const found = await page.evaluate(async () => {
        const { violations } = await (
          globalThis as unknown as {
            axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { target: string[] }[] }[] }> }
          }
        ).axe.run()
        return violations.map(
          ({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ target }) => target.join()).join('; ')}`,
        )
      })
      expect([hash, ...found]).toEqual([hash])
    }
  })

  test('everything is reached by the keyboard', async () => {
    const page = await open(await opened.link('qa'))
    await page.getByRole('row', { name: /Note/ }).waitFor()
    await page.keyboard.press('Tab')
    expect(await page.locator(':focus').textContent()).toBe('To the content')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    expect(await page.locator(':focus').textContent()).toBe('Note')
    await page.keyboard.press('Enter')
    await heading(page, 'Note')
  })
})
