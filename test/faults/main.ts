import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

/** Runs the fault tests, or those that are named (`fail-over`): short as in CI, or `--long`. Bounded either way. */
const { values, positionals } = parseArgs({ options: { long: { type: 'boolean' } }, allowPositionals: true })
const files = positionals.length === 0 ? ['test/faults'] : positionals.map((name) => `test/faults/${name}.test.ts`)
const { status } = spawnSync('vitest', ['run', ...files], {
  stdio: 'inherit',
  env: { ...process.env, CROSSFADE_LONG: values.long ? '1' : '0' },
})
process.exitCode = status ?? 1
