import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { type GraphQLSchema, lexicographicSortSchema, parse, printSchema, validate } from 'graphql'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { printJson, say, warn } from './output.ts'
import { loadConfig } from './session.ts'

/** The contract in a form that does not depend on the order in which types were built. */
const printed = (schema: GraphQLSchema): string => `${printSchema(lexicographicSortSchema(schema))}\n`

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CrossfadeError(
      'MISCONFIGURED',
      `${file} cannot be read: ${messageOf(error)}. \`crossfade contract write\` makes it.`,
    )
  }
}

/** What is wrong with the operations in a folder, one line each. */
function operationProblems(schema: GraphQLSchema, folder: string): string[] {
  return globSync('**/*.{graphql,gql}', { cwd: folder })
    .sort()
    .flatMap((name) => {
      const file = join(folder, name)
      try {
        return validate(schema, parse(read(file))).map(
          ({ message, locations }) => `${file}:${locations?.[0]?.line ?? 1}: ${message}`,
        )
      } catch (error) {
        return [`${file}: ${messageOf(error)}`]
      }
    })
}

interface Options {
  readonly config?: string
  readonly sdl: string
  readonly operations: string
  readonly json?: boolean
}

async function check({ config, sdl, operations, json }: Options): Promise<void> {
  const { schema } = await loadConfig(config)
  const problems = operationProblems(schema, operations)
  if (read(sdl) !== printed(schema))
    problems.unshift(`${sdl} is not what the code builds. Run \`crossfade contract write\` and look at the difference.`)
  if (json) printJson({ problems })
  else for (const problem of problems) warn(problem)
  if (problems.length > 0) process.exitCode = 2
}

/** The committed contract: what the code builds must equal it, and operations that clients send must fit. */
export function contractCommand(): Command {
  const contract = new Command('contract').description('the committed SDL and the operations of known clients')
  const subcommand = (name: string, description: string): Command =>
    contract
      .command(name)
      .description(description)
      .addHelpText('before', `Example:\n  crossfade contract ${name}\n`)
      .option('--config <file>', 'default crossfade.config.ts')
      .option('--sdl <file>', 'the committed contract', 'schema/schema.graphql')
  subcommand('check', 'exits with 2 where the code builds another contract, or an operation does not fit it')
    .option('--operations <folder>', 'files of operations that clients are known to send', 'schema/operations')
    .option('--json', 'print as JSON')
    .action(check)
  subcommand('write', 'writes the contract that the code builds').action(
    async ({ config, sdl }: Pick<Options, 'config' | 'sdl'>) => {
      writeFileSync(sdl, printed((await loadConfig(config)).schema))
      say(`Wrote ${sdl}.`)
    },
  )
  return contract
}
