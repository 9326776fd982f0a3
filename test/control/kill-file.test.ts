import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, expect, test } from 'vitest'
import { kill, killFileOf, readKilled } from '../../src/control/kill-file.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'crossfade-kill-file-'))
})

const source = new URL('../../src/control/kill-file.ts', import.meta.url).href

/** Another process, which kills twenty names, all of which begin with its own. */
const killsTwenty = (own: string) =>
  promisify(execFile)(process.execPath, [
    '--input-type=module',
    '--eval',
    `import { kill } from ${JSON.stringify(source)}
     for (let n = 10; n < 30; n++) kill(${JSON.stringify(dir)}, '${own}' + n, true)`,
  ])

test('of processes that kill at the same time none loses what another has said', async () => {
  const all = ['a', 'b', 'c', 'd']
  await Promise.all(all.map(killsTwenty))
  const found = readKilled(killFileOf(dir))
  for (const own of all) expect(found.filter((name) => name.startsWith(own))).toHaveLength(20)
  expect(readdirSync(dir)).toEqual(['killed.json'])
})

test.each([
  ['a file', (lock: string) => writeFileSync(lock, 'somebody')],
  ['a file that nobody has signed', (lock: string) => writeFileSync(lock, '')],
  ['a folder', (lock: string) => void mkdirSync(join(lock, 'x'), { recursive: true })],
])('a kill goes by a lock that was left behind, as %s', (_, leave) => {
  leave(`${killFileOf(dir)}.lock`)
  expect(kill(dir, 'Movie', true)).toEqual(['Movie'])
  expect(kill(dir, 'User', true)).toEqual(['Movie', 'User'])
  expect(readdirSync(dir)).toEqual(['killed.json'])
})
