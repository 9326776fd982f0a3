import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { runCommand, serveOnce } from '../support/run-command.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'crossfade-addresses-'))
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

/** What a command says on both of its channels. */
async function said(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout, stderr } = await runCommand(args, { CROSSFADE_DATA_DIR: dataDir, ...env })
  return stdout + stderr
}

const nobody = '127.0.0.1:9'
/** Every part of it is a word that no message holds. */
const passwords = ['zeb/ra', 'zeb@ra', 'zeb:ra', 'zeb#ra', 'zeb?ra', 'zeb%ra', 'zeb@/ra', 'zebra']
const commands: readonly (readonly string[])[] = [['stage', 'list'], ['doctor'], ['mismatches', 'list']]

test('no command prints a password, or half of one, whatever is in it', { timeout: 300_000 }, async () => {
  const good = 'zebra'
  const tries = passwords.flatMap((password, n) => {
    const args = commands[n % commands.length]!
    return [
      { args, mongo: password, postgres: good },
      { args, mongo: good, postgres: password },
    ]
  })
  const four = async (from: number): Promise<void> => {
    await Promise.all(
      tries.slice(from, from + 4).map(async ({ args, mongo, postgres }) => {
        const text = await said(args, {
          MONGODB_URI: `mongodb://user:${mongo}@${nobody},127.0.0.1:10/shop`,
          DATABASE_URL: `postgresql://user:${postgres}@${nobody}/shop`,
        })
        expect(text).not.toBe('')
        expect(text).not.toMatch(/zeb|ra@/)
        expect(text).not.toMatch(/\n {4}at /) // a stack
      }),
    )
  }
  for (let from = 0; from < tries.length; from += 4) await four(from)
})

test('a gateway that finds neither store starts, says what it lacks, and prints hosts only', async () => {
  const { text, ready } = await serveOnce({
    CROSSFADE_DATA_DIR: dataDir,
    MONGODB_URI: `mongodb://user:zeb%2Fra@${nobody}/shop`,
    DATABASE_URL: `postgresql://user:zeb@ra@${nobody}/shop`,
  })
  expect(ready).toContain('"ready":false')
  expect(ready).toContain('MongoDB: connect ECONNREFUSED 127.0.0.1:9')
  expect(ready).toContain('PostgreSQL cannot be reached: connect ECONNREFUSED 127.0.0.1:9')
  expect(text + ready).not.toMatch(/zeb|ra@|%2F/)
})

test('a gateway whose address cannot be read ends with one line', async () => {
  const env = { CROSSFADE_DATA_DIR: dataDir, DATABASE_URL: `postgresql://user:zebra@${nobody}/shop` }
  const { text, ready } = await serveOnce({ ...env, MONGODB_URI: `mongodb://user:zeb/ra@${nobody}/shop` })
  expect(ready).toBe('')
  expect(text).toMatch(/^MONGODB_URI cannot be read: [^\n]*\n$/)
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
  const text = await said(['migrate', 'status'], {
    MONGODB_URI: `mongodb://${nobody}/x`,
    DATABASE_URL: `postgresql://${nobody}/x`,
    [setting]: uri,
  })
  expect(text).toMatch(line)
  expect(text).not.toContain('zebra')
  expect(text).not.toMatch(/\n {4}at /)
})
