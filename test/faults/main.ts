import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { didYouMean } from '../../src/util/did-you-mean.ts'
import { inOneLine } from '../support/in-one-line.ts'

/** A proof that is a program of its own, in the folder of its name: what it does, and its options beside `--long`. */
interface Proof {
  readonly does: string
  readonly example: string
  readonly options: Readonly<Record<string, string>>
}

const seed = 'where chance begins: the same number, the same run'
const mutant = 'one of test/model/mutants.ts, which is taken out of the code: the run has to notice'

const proofs = {
  model: {
    does: 'plays histories of gateways, moves and faults in a made-up world',
    example: 'npm run test:faults -- model --histories 10000 --seed 7',
    options: {
      '--histories <number>': 'how many; 300, and 100,000 with --long',
      '--seed <number>': `${seed}; 1`,
      '--mutants': 'takes safeguards out one by one: a history has to notice; part of --long',
      '--plan <json>': 'plays the one that was printed, and tells all of it',
    },
  },
  history: {
    does: 'moves authority between three gateways and both stores, real processes that die, hang and are cut off',
    example: 'npm run test:faults -- history --minutes 5 --seed 3',
    options: {
      '--minutes <number>': 'for how long; 1, and 30 with --long',
      '--seed <number>': `${seed}; by chance`,
      '--mutant <name>': mutant,
    },
  },
  kills: {
    does: 'kills a process at each of its messages to a store, and looks at what is left',
    example: 'npm run test:faults -- kills --only "copy in"',
    options: {
      '--trials <number>': 'of each message; 1, and 3 with --long',
      '--only <pattern>': 'the cases whose titles match',
      '--lanes <number>': 'how many run beside each other, each on stores of its own; 1',
    },
  },
  workers: {
    does: 'kills two workers of a backfill at random while clients write',
    example: 'npm run test:faults -- workers --documents 100000 --kills 25',
    options: {
      '--documents <number>': '3,000, and 100,000 with --long',
      '--kills <number>': '4, and 25 with --long',
      '--seed <number>': `${seed}; by chance`,
      '--rate <number>': 'documents a second, so that the copy lasts until all are killed',
      '--within <ms>': 'how soon after its start a worker is killed at most',
    },
  },
} as const satisfies Readonly<Record<string, Proof>>

const folder = new URL('.', import.meta.url).pathname
const testsThere = readdirSync(folder).flatMap((file) => (file.endsWith('.test.ts') ? [file.slice(0, -8)] : []))

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): number {
  return spawnSync(command, args, { stdio: 'inherit', env }).status ?? 1
}

function prove(name: string, options: readonly string[]): number {
  const program = new URL(`../${name}/main.ts`, import.meta.url).pathname
  return run(process.execPath, ['--conditions=@crossfade/source', program, ...options])
}

function test(names: readonly string[], isLong: boolean): number {
  const files = names.length === 0 ? ['test/faults'] : names.map((name) => `test/faults/${name}.test.ts`)
  return run('vitest', ['run', ...files], { ...process.env, CROSSFADE_LONG: isLong ? '1' : '0' })
}

const long = ['--long', 'as long as it takes to be sure, and not as short as in CI'] as const

/**
 * Runs proofs that are programs of their own, fault tests by name, or, where none is named, all of them: short as in CI, or
 * `--long`. Bounded either way.
 */
const all = inOneLine('npm run test:faults --')
  .description('What stores, gateways and commands do that die, hang and come back. Exit 2 where a promise was broken.')
  .addHelpText('before', 'Example:\n  npm run test:faults -- fail-over stalls\n')
  .addHelpText('after', `\nTests: ${testsThere.join(', ')}`)
  .argument('[tests...]', 'of test/faults, by name; default: all of them, and behind them each command below')
  .option(...long)
  .action((names: readonly string[], options: { readonly long?: boolean }) => {
    const isLong = options.long ?? false
    const unknown = names.find((name) => !existsSync(`${folder}${name}.test.ts`))
    if (unknown !== undefined)
      all.error(`There is no ${unknown} here.${didYouMean(unknown, [...Object.keys(proofs), ...testsThere])}`)
    const codes = [test(names, isLong)]
    if (names.length === 0) codes.push(...Object.keys(proofs).map((name) => prove(name, isLong ? ['--long'] : [])))
    process.exitCode = Math.max(...codes)
  })

for (const [name, { does, example, options }] of Object.entries(proofs)) {
  const proof = inOneLine(name)
    .description(does)
    .addHelpText('before', `Example:\n  ${example}\n`)
    .option(...long)
  for (const [flags, text] of Object.entries(options)) proof.option(flags, text)
  proof.action(() => {
    const given = process.argv.slice(2)
    process.exitCode = prove(name, given.toSpliced(given.indexOf(name), 1))
  })
  all.addCommand(proof)
}

all.parse()
