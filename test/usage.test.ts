import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

const programs = { bench: 'bench/main.ts', 'test:faults': 'test/faults/main.ts' } as const

/** @param name of the script. */
function call(name: keyof typeof programs, ...args: readonly string[]) {
  const options = { encoding: 'utf8', timeout: 60_000 } as const
  const started = ['--conditions=@crossfade/source', programs[name], ...args]
  const { status, stdout, stderr } = spawnSync(process.execPath, started, options)
  return { status, stdout, stderr }
}

test.each([
  {
    name: 'bench',
    example: 'npm run bench -- mirrored-write',
    has: ['--only <text>', 'mirrored-write  writes, against'],
  },
  { name: 'test:faults', example: 'npm run test:faults -- fail-over', has: ['--long', 'history [options]'] },
] as const)(
  '`npm run $name -- --help` measures and kills nothing: it shows an example, and what else there is',
  ({ name, example, has }) => {
    const { status, stdout, stderr } = call(name, '--help')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout.split('\n')[1]).toContain(example)
    for (const text of has) expect(stdout).toContain(text)
  },
)

test('each proof has a help of its own', () => {
  const { status, stdout } = call('test:faults', 'model', '--help')
  expect(status).toBe(0)
  for (const option of ['--histories', '--seed', '--mutants', '--plan', '--long']) expect(stdout).toContain(option)
})

test.each([
  ['bench', '--jsn', "error: unknown option '--jsn' (Did you mean --json?)\n"],
  ['bench', 'hold', 'There is no bench hold. Did you mean "holds"?\n'],
  ['test:faults', '--lng', "error: unknown option '--lng' (Did you mean --long?)\n"],
  ['test:faults', 'modle', 'There is no modle here. Did you mean "model"?\n'],
] as const)('`npm run %s -- %s` is refused in one line', (name, given, stderr) => {
  expect(call(name, given)).toEqual({ status: 1, stdout: '', stderr })
})

test('an option of another proof is refused before anything starts', () => {
  const { status, stdout, stderr } = call('test:faults', 'kills', '--minutes', '3')
  expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '', stderr: "error: unknown option '--minutes'\n" })
})
