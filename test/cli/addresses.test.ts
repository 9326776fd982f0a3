import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'

const main = new URL('../../src/cli/main.ts', import.meta.url).pathname
const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-addresses-'))
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

/** What a command says on both of its channels. */
async function said(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const options = { env: { ...process.env, CROSSFADE_DATA_DIR: dataDir, ...env } }
  try {
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--conditions=source', main, ...args],
      options,
    )
    return stdout + stderr
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    return stdout + stderr
  }
}

const nobody = '127.0.0.1:9'
/** Every part of it is a word that no message holds. */
const passwords = ['zeb/ra', 'zeb@ra', 'zeb:ra', 'zeb#ra', 'zeb?ra', 'zeb%ra', 'zeb@/ra', 'zebra']
const commands: readonly (readonly string[])[] = [['stage', 'list'], ['doctor'], ['mismatches', 'list']]

test('no command prints a password, or half of one, whatever is in it', { timeout: 300_000 }, async () => {
  for (const [n, password] of passwords.entries()) {
    const args = commands[n % commands.length]!
    const bad = await said(args, {
      MONGODB_URI: `mongodb://user:${password}@${nobody}/shop`,
      DATABASE_URL: `postgresql://user:zebra@${nobody}/shop`,
    })
    expect(bad).not.toMatch(/zeb|ra@/)
    expect(bad).not.toMatch(/\n {4}at /) // a stack
    const other = await said(args, {
      MONGODB_URI: `mongodb://user:zebra@${nobody},127.0.0.1:10/shop`,
      DATABASE_URL: `postgresql://user:${password}@${nobody}/shop`,
    })
    expect(other).not.toMatch(/zeb|ra@/)
    expect(other).not.toMatch(/\n {4}at /)
  }
})

const secret = 'user:zebra'
test.each([
  [
    'MONGODB_URI',
    `mongodb://${secret}@${nobody}`,
    /^MONGODB_URI names no database: .* mongodb:\/\/127\.0\.0\.1:9\/shop\.$/m,
  ],
  ['MONGODB_URI', `mongodb://${secret}@${nobody}/x?foo=1`, /^MONGODB_URI: option foo is not supported$/m],
  ['MONGODB_URI', `mongodb://${secret}@${nobody}/x?tlsCAFile=/none.pem&tls=true`, /^MONGODB_URI: .*none\.pem/m],
  ['MONGODB_URI', `mongodb+srv://${secret}@none.invalid/x`, /^MONGODB_URI: none\.invalid does not answer: /m],
  ['MONGODB_URI', `mongodb://${secret}@%2Fnone.sock/x`, /^MONGODB_URI: \/none\.sock does not answer: /m],
  ['DATABASE_URL', `postgresql://${secret}@a:1,b:2/x`, /^DATABASE_URL: .*The driver takes one host/m],
  ['DATABASE_URL', `postgresql://${secret}@%2Fnone/x`, /^PostgreSQL at \/none \(DATABASE_URL\): .*ENOENT/m],
  [
    'DATABASE_URL',
    `postgresql://${secret}@${nobody}/x`,
    /^PostgreSQL at 127\.0\.0\.1:9 \(DATABASE_URL\): .* See that/m,
  ],
  [
    'DATABASE_URL',
    `mysql://${secret}@${nobody}/x`,
    /^The environment does not fit: DATABASE_URL: expected postgresql/m,
  ],
])('what is wrong with %s=%s is one line that says what to do', async (setting, uri, line) => {
  const text = await said(['mismatches', 'list'], {
    MONGODB_URI: `mongodb://${nobody}/x`,
    DATABASE_URL: `postgresql://${nobody}/x`,
    [setting]: uri,
  })
  expect(text).toMatch(line)
  expect(text).not.toContain('zebra')
  expect(text).not.toMatch(/\n {4}at /)
})
