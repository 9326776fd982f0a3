import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

/**
 * Runs proofs that are programs of their own (`model`, `history`, `kills`, `workers`), fault tests by name (`fail-over`), or, where
 * none is named, all of them: short as in CI, or `--long`. Bounded either way. Other options go to the program named.
 */
const { values, positionals, tokens } = parseArgs({
  options: { long: { type: 'boolean' } },
  allowPositionals: true,
  strict: false,
  tokens: true,
})

const programOf = (name: string): string => new URL(`../${name}/main.ts`, import.meta.url).pathname
const programs = ['model', 'history', 'kills', 'workers']
const first = tokens.find((token) => token.kind === 'positional')
const passed = process.argv.slice(2).filter((_, index) => index !== first?.index)

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): number {
  return spawnSync(command, args, { stdio: 'inherit', env }).status ?? 1
}

const proof = (name: string, options: readonly string[]): number =>
  run(process.execPath, ['--conditions=@crossfade/source', programOf(name), ...options])

function tests(names: readonly string[]): number {
  const files = names.length === 0 ? ['test/faults'] : names.map((name) => `test/faults/${name}.test.ts`)
  return run('vitest', ['run', ...files], { ...process.env, CROSSFADE_LONG: values['long'] ? '1' : '0' })
}

const [name] = positionals
const long = values['long'] ? ['--long'] : []
const all = (): number[] => [tests([]), ...programs.map((each) => proof(each, long))]
const one = (given: string): number => (programs.includes(given) ? proof(given, passed) : tests(positionals))
process.exitCode = Math.max(...(name === undefined ? all() : [one(name)]))
