import { existsSync, writeFileSync } from 'node:fs'
import { Command } from 'commander'
import {
  buildSchema,
  type GraphQLSchema,
  lexicographicSortSchema,
  parse,
  print,
  printSchema,
  validate,
  visit,
} from 'graphql'
import { words } from '../contract/scalars.ts'
import { checkApp } from '../gateway/app.ts'
import { checkValid } from '../resolve/check-valid.ts'
import { CrossfadeError, messageOf } from '../util/errors.ts'
import { operationDocuments, rulesAcrossFiles, withFragments } from './operation-documents.ts'
import { printJson, say, warn } from './output.ts'
import { readText } from './read-text.ts'
import { loadConfig } from './session.ts'

/** A contract in a form that does not depend on the order in which types were built or written. */
const printed = (schema: GraphQLSchema): string => `${printSchema(lexicographicSortSchema(schema))}\n`

/** Scalars of which the code says what Crossfade says by itself. */
const scalarsInOurWords = (schema: GraphQLSchema): ReadonlySet<string> =>
  new Set(Object.entries(words).flatMap(([name, text]) => (schema.getType(name)?.description === text ? [name] : [])))

/** A printed contract without what is said of these scalars: one that was there before has words of its own, or none. */
const withoutWordsOf = (scalars: ReadonlySet<string>, sdl: string): string =>
  print(
    visit(parse(sdl), {
      ScalarTypeDefinition({ description: _, ...rest }) {
        return scalars.has(rest.name.value) ? rest : undefined
      },
    }),
  )

/** The committed contract, whatever the order and layout that it was written in. */
function committed(file: string): string {
  try {
    return printed(buildSchema(readText(file, ' `crossfade contract write` makes it.')))
  } catch (error) {
    if (error instanceof CrossfadeError) throw error
    throw new CrossfadeError('MISCONFIGURED', `${file} is no schema: ${messageOf(error)}`)
  }
}

const shown = 5

/** The first lines that only one of the two has. */
function difference(was: string, is: string): string[] {
  const lines = (text: string) => text.split('\n').map((line) => line.trim())
  const only = (text: string, other: string, sign: string): string[] => {
    const known = new Set(lines(other))
    return lines(text)
      .filter((line) => line !== '' && !known.has(line))
      .slice(0, shown)
      .map((line) => `  ${sign} ${line}`)
  }
  return [...only(was, is, '-'), ...only(is, was, '+')]
}

interface Checked {
  /** Files that were looked at. */
  readonly files: number
  /** What is wrong, one line each. */
  readonly problems: string[]
}

/** Looks at the operations in a folder. */
function checkOperations(schema: GraphQLSchema, folder: string): Checked {
  const { documents, problems: unread } = operationDocuments(folder)
  const problems = [...unread]
  for (const document of documents) {
    const whole = withFragments(document, documents)
    for (const { message, locations, source, nodes } of validate(schema, whole, rulesAcrossFiles)) {
      // What is wrong with a fragment of another file is told there
      const file = nodes?.[0]?.loc?.source.name ?? source?.name
      if (file === document.loc?.source.name) problems.push(`${file}:${locations?.[0]?.line ?? 1}: ${message}`)
    }
  }
  return { files: documents.length, problems: problems.sort() }
}

interface Options {
  readonly config?: string
  readonly sdl: string
  readonly operations: string
  readonly json?: boolean
}

async function check({ config, sdl, operations, json }: Options, command: Command): Promise<void> {
  const app = await loadConfig(config)
  const { schema } = app
  checkApp(app, (_, message) => say(message))
  if (!existsSync(operations) && command.getOptionValueSource('operations') !== 'default')
    throw new CrossfadeError('MISCONFIGURED', `There is no folder ${operations}.`)
  const { files, problems } = checkOperations(schema, operations)
  const ours = scalarsInOurWords(schema)
  const [was, is] = [withoutWordsOf(ours, committed(sdl)), withoutWordsOf(ours, printed(schema))]
  if (was !== is) {
    const advice = 'Where that is meant, run `crossfade contract write`.'
    problems.unshift([`${sdl} is not what the code builds. ${advice}`, ...difference(was, is)].join('\n'))
  }
  if (json) printJson({ problems })
  else for (const problem of problems) warn(problem)
  if (problems.length > 0) process.exitCode = 2
  else say(`${sdl} is what the code builds${files === 0 ? '' : `, and ${files} files of operations fit it`}.`)
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
      const { schema } = await loadConfig(config)
      checkValid(schema)
      try {
        writeFileSync(sdl, printed(schema))
      } catch (error) {
        throw new CrossfadeError('MISCONFIGURED', `${sdl} cannot be written: ${messageOf(error)}.`)
      }
      say(`Wrote ${sdl}.`)
    },
  )
  return contract
}
