import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/**
 * Kills a child process at each of its messages to a store, and says in one line of JSON what was left. `--only "copy in"`
 * names the cases to run, by a pattern of their titles.
 */
const { values } = parseArgs({
  options: { long: { type: 'boolean', default: false }, trials: { type: 'string' }, only: { type: 'string' } },
  strict: false,
})
const directory = mkdtempSync(join(tmpdir(), 'crossfade-kills-'))
const out = join(directory, 'kills.json')
const only = values['only'] ? ['-t', String(values['only'])] : []
const { status } = spawnSync('vitest', ['run', '--project', 'all', 'test/kills', ...only], {
  stdio: ['ignore', 2, 2],
  env: {
    ...process.env,
    CROSSFADE_KILLS_OUT: out,
    CROSSFADE_LONG: values['long'] ? '1' : '0',
    ...(values['trials'] ? { CROSSFADE_TRIALS: String(values['trials']) } : {}),
  },
})
const said = readFileSync(out, 'utf8')
rmSync(directory, { recursive: true })
console.log(said)
const { lost, differing } = JSON.parse(said) as { lost: number; differing: number }
process.exitCode = status === 0 ? 0 : lost + differing > 0 ? 2 : 1
