import { Command, InvalidArgumentError, Option } from 'commander'
import { limitsOf } from '../gateway/limits.ts'
import { isKeptIn, owesAny } from '../gateway/owes.ts'
import { storeView } from '../gateway/store-view.ts'
import { type Entry, readRecording } from '../replay/read-recording.ts'
import { recordingFiles, recordingsIn } from '../replay/recordings.ts'
import { replay } from '../replay/replay.ts'
import { isEqual, type Replayed, type ReplayProgress } from '../replay/replayed.ts'
import { server } from '../replay/server.ts'
import type { Side } from '../replay/side.ts'
import { CrossfadeError } from '../util/errors.ts'
import { type Origin, origins } from '../util/origin.ts'
import { type Headers, headerOption } from './header-option.ts'
import { tellAsker, untilNobodyAsks } from './jobs-apart.ts'
import { knownFlags } from './known-flags.ts'
import { createLogs } from './log.ts'
import { printJson, warn } from './output.ts'
import { positive } from './positive.ts'
import { RateLine } from './rate-line.ts'
import { printReplayed } from './replay/print.ts'
import type { Session } from './session.ts'
import { leaving } from './signals.ts'
import { withSession } from './with-session.ts'

interface Options {
  readonly config?: string
  readonly json?: boolean
  readonly against?: string
  readonly store: Origin
  readonly header: Headers
  readonly ignore: readonly string[]
  readonly field?: string
  readonly concurrency: number
  readonly rate: number
  readonly stale?: boolean
}

const mostAtOnce = 32

/** @throws InvalidArgumentError past what one replay may ask at a time. */
function concurrencyOf(text: string): number {
  const value = positive(text)
  if (value > mostAtOnce) throw new InvalidArgumentError(`It must be ${mostAtOnce} at most.`)
  return value
}

/** @throws InvalidArgumentError for what is no address of a server. */
function urlOf(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError('It must be an address as https://shop.example/graphql.')
  return text
}

/** @throws MISCONFIGURED where nothing was recorded. */
async function recorded(dataDir: string): Promise<string[]> {
  const files = await recordingFiles(recordingsIn(dataDir))
  if (files.length > 0) return files.map(({ path }) => path)
  throw new CrossfadeError(
    'MISCONFIGURED',
    `Nothing was recorded in ${recordingsIn(dataDir)}: \`crossfade record start\` begins to.`,
  )
}

async function* entriesOf(files: readonly string[]): AsyncGenerator<Entry, void> {
  for (const file of files) yield* readRecording(file)
}

async function sidesOf({ config, stores }: Session, { against, store, header, stale }: Options) {
  const flags = await knownFlags(stores)
  const view = (origin: Origin): Side =>
    storeView(
      {
        config,
        stores,
        limits: limitsOf(config.limits),
        log: createLogs(process.env['LOG_LEVEL'] ?? 'silent').log, // what clients would be told is compared, and told once
        headers: header,
        isKept: (type, at) => stale === true || isKeptIn(flags.get(type), at),
      },
      origin,
    )
  const owes = (heard: Parameters<typeof owesAny>[2]): Promise<boolean> => owesAny(stores, flags, heard)
  return against === undefined
    ? { a: view('mongo'), b: view('postgres'), owes }
    : { a: server(against, header), b: view(store), owes }
}

async function run(session: Session, files: readonly string[], options: Options): Promise<Replayed> {
  const { schema, entities } = session.config
  const signal = untilNobodyAsks()
  const line = new RateLine('replay', 'operations')
  const onProgress = (progress: ReplayProgress): void => {
    const { done, different } = progress
    line.show({ done, total: null }, { different })
    tellAsker({ progress })
  }
  const { concurrency, rate, ignore, field } = options
  const sides = await sidesOf(session, options)
  try {
    const asked = { schema, entities, ...sides, concurrency, rate, ignore, field, onProgress, signal }
    return await replay(entriesOf(files), asked)
  } finally {
    line.end()
  }
}

/** What clients asked, asked again of both stores. */
export function replayCommand(): Command {
  const bounds = `\nNothing is written. Exit codes: 0 all that was compared is equal, 2 answers differ, could not be decided, or need a type that is not kept equal, or lines cannot be read, 1 nothing could be compared`
  return new Command('replay')
    .description('ask the queries of a recording of MongoDB alone and of PostgreSQL alone, and compare the answers')
    .addHelpText(
      'before',
      'Examples:\n  crossfade replay --field Query.movies\n  crossfade replay monday.jsonl --against https://old.example/graphql\n',
    )
    .addHelpText('after', bounds)
    .argument('[files...]', 'what `crossfade record` has written; default: all of the data directory')
    .option('--against <url>', 'hold one store against this server instead of against the other store', urlOf)
    .addOption(
      new Option('--store <store>', 'which store, with --against').choices([...origins]).default('postgres' as const),
    )
    .addOption(headerOption('each operation, to that server too'))
    .option(
      '--ignore <path>',
      'a path of answers that may differ, as movies.pageInfo.endCursor; may be repeated',
      (path: string, known: readonly string[]) => [...known, path],
      [] as readonly string[],
    )
    .option('--field <field>', 'operations that select it alone, as Query.movies')
    .option('--concurrency <n>', `operations at a time, ${mostAtOnce} at most`, concurrencyOf, 4)
    .option('--rate <n>', 'operations a second at most', positive, 100)
    .option('--stale', 'also operations that read a type of which a store is not kept equal')
    .option('--config <file>', 'default crossfade.config.ts')
    .option('--json', 'print the result as JSON')
    .action((files: string[], options: Options) =>
      withSession(options.config, async (session) => {
        try {
          const from = files.length > 0 ? files : await recorded(session.settings.CROSSFADE_DATA_DIR)
          const found = await run(session, from, options).catch(leaving('Stopped: nothing is known of the rest.'))
          tellAsker({ found })
          if (options.json) printJson(found)
          else printReplayed(found)
          if (!isEqual(found)) process.exitCode = found.compared > found.ofNothing || found.different > 0 ? 2 : 1
        } catch (error) {
          if (!(error instanceof CrossfadeError) || error.code !== 'UNAVAILABLE') throw error
          warn(error.message)
          process.exitCode = 1
        }
      }),
    )
}
