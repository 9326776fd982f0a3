import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect } from 'vitest'
import { reportVariable, takeBroken } from './watch.ts'

// Programs that tests start inherit both, so that their commands are looked at as well
process.env[reportVariable] ??= join(tmpdir(), `crossfade-rules-${process.pid}`)
const preload = `--import=${new URL('watch.ts', import.meta.url).href}`
if (!process.env['NODE_OPTIONS']?.includes(preload)) {
  process.env['NODE_OPTIONS'] = `${process.env['NODE_OPTIONS'] ?? ''} ${preload}`.trim()
}

const check = (): void =>
  expect(takeBroken(), 'commands that MongoDB refuses, whatever the server at hand made of them').toEqual([])

afterEach(check)
afterAll(check)
