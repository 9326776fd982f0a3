import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CommandStores, openCommandStores } from '../support/command-stores.ts'

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname

let opened: CommandStores
beforeAll(async () => {
  opened = await openCommandStores()
})
afterAll(() => opened.close())

/** Runs a command whose reader is gone before its first line; the last line is its exit code. */
function unread(pipe: string, command: string, env: Readonly<Record<string, string>> = {}) {
  const script = `"$0" --conditions=@crossfade/source "$@" ${pipe} | true; echo "code \${PIPESTATUS[0]}"`
  const { stdout, stderr } = spawnSync('bash', ['-c', script, process.execPath, main, ...command.split(' ')], {
    env: { ...process.env, ...opened.env, ...env },
    encoding: 'utf8',
  })
  return { stdout, stderr }
}

test.each([
  ['--help', 0],
  ['stores status --json', 0],
  ['doctor', 2],
  ['issues list --json', 0],
])('a reader that leaves ends %s quietly, with its own code', (command, code) => {
  const { stdout, stderr } = unread('', command)
  expect(stderr).not.toMatch(/EPIPE|\n {4}at /)
  expect(stdout).toBe(`code ${code}\n`)
})

test('one that leaves what is said besides does so as well', () => {
  const { stdout } = unread('2>&1', 'issues list')
  expect(stdout).toBe('code 0\n')
  expect(unread('2>&1', 'stage set Nothing off').stdout).toBe('code 2\n')
})
