import { spawnSync } from 'node:child_process'

/** Runs the fault tests: short as in CI, or with `--long` at many times the rounds. Bounded either way. */
const long = process.argv.includes('--long')
const { status } = spawnSync('vitest', ['run', 'test/faults'], {
  stdio: 'inherit',
  env: { ...process.env, CROSSFADE_LONG: long ? '1' : '0' },
})
process.exitCode = status ?? 1
