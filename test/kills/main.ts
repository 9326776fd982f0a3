import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Found } from './found.ts'

/**
 * Kills a child process at each of its messages to a store, and says in one line of JSON what was left. `--only "copy in"`
 * names the cases to run, by a pattern of their titles; `--lanes 4` runs them beside each other, each lane on stores of its
 * own.
 */
const { values } = parseArgs({
  options: {
    long: { type: 'boolean', default: false },
    trials: { type: 'string' },
    only: { type: 'string' },
    lanes: { type: 'string', default: '1' },
  },
  strict: false,
})
const lanes = Number(values['lanes'])
const directory = mkdtempSync(join(tmpdir(), 'crossfade-kills-'))
const only = values['only'] ? ['-t', String(values['only'])] : []

interface Run {
  readonly passed: boolean
  /** Null where it ended before it found anything. */
  readonly found: Found | null
}

async function run(lane: number): Promise<Run> {
  const out = join(directory, `${lane}.json`)
  const child = spawn('vitest', ['run', '--project', 'all', 'test/kills', ...only], {
    stdio: ['ignore', 2, 2],
    env: {
      ...process.env,
      CROSSFADE_KILLS_OUT: out,
      CROSSFADE_LANE: `${lane}/${lanes}`,
      CROSSFADE_LONG: values['long'] ? '1' : '0',
      ...(values['trials'] ? { CROSSFADE_TRIALS: String(values['trials']) } : {}),
    },
  })
  const [status] = await once(child, 'exit')
  return { passed: status === 0, found: existsSync(out) ? JSON.parse(readFileSync(out, 'utf8')) : null }
}

const runs = await Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane)))
rmSync(directory, { recursive: true })
const all = runs.flatMap(({ found }) => found ?? [])
const steps: Found['steps'] = {}
for (const [step, { points, trials }] of all.flatMap((found) => Object.entries(found.steps))) {
  const sum = (steps[step] ??= { points: 0, trials: 0 })
  sum.points += points
  sum.trials += trials
}
const sum = (of: (found: Found) => number): number => all.reduce((total, found) => total + of(found), 0)
const [lost, differing] = [sum((found) => found.lost), sum((found) => found.differing)]
console.log(
  JSON.stringify({
    mode: 'kills',
    points: sum((found) => found.points),
    trials: sum((found) => found.trials),
    kills: sum((found) => found.kills),
    acknowledged: sum((found) => found.acknowledged),
    lost,
    differing,
    steps,
  }),
)
process.exitCode = runs.every(({ passed, found }) => passed && found) ? 0 : lost + differing > 0 ? 2 : 1
