import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { consoleFiles } from '../../src/admin/console-files.ts'

test('a console is its page and its assets, and nothing that lies beside them', () => {
  const directory = mkdtempSync(join(tmpdir(), 'crossfade-console-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  expect(consoleFiles(directory).size).toBe(0) // not built
  mkdirSync(join(directory, 'assets'))
  for (const file of ['index.html', 'secrets.txt', 'assets/a.js', 'assets/a.css', 'assets/a.js.map'])
    writeFileSync(join(directory, file), file)
  const files = [...consoleFiles(directory)].map(([path, { type, bytes }]) => [path, type, String(bytes)])
  expect(files.sort()).toEqual([
    ['/', 'text/html; charset=utf-8', 'index.html'],
    ['/assets/a.css', 'text/css; charset=utf-8', 'assets/a.css'],
    ['/assets/a.js', 'text/javascript; charset=utf-8', 'assets/a.js'],
  ])
})
