import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { readSettings } from '../gateway/settings.ts'
import { recordSwitchNow, switchRecord } from '../replay/record-switch.ts'
import { recordingFiles, recordingsIn } from '../replay/recordings.ts'
import { printJson, printTable, say, warn } from './output.ts'

interface Options {
  readonly json?: boolean
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const mostMs = 7 * 86_400_000

/** A time as `30m`, in milliseconds. @throws InvalidArgumentError for anything else. */
export function durationOf(text: string): number {
  const [, number, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  const ms = Number(number) * (units[unit ?? ''] ?? Number.NaN)
  if (!(ms > 0)) throw new InvalidArgumentError('It must be a time as 90s, 30m, 4h or 2d.')
  if (ms > mostMs) throw new InvalidArgumentError('It must be 7d at most.')
  return ms
}

/** @throws InvalidArgumentError for what is no share. */
function percentOf(text: string): number {
  const percent = Number(text)
  if (text.trim() === '' || !(percent > 0 && percent <= 100))
    throw new InvalidArgumentError('It must be a number above 0, and 100 at most.')
  return percent
}

const dataDirectory = (): string => resolve(readSettings().CROSSFADE_DATA_DIR)

async function printStatus(dataDir: string, json: boolean): Promise<void> {
  const [said, files] = [recordSwitchNow(dataDir), await recordingFiles(recordingsIn(dataDir))]
  if (json) return printJson({ dataDir, recording: said, files })
  const text = said
    ? `${said.percent}% of operations are recorded until ${said.until}.`
    : 'No command has turned recording on; what `record` in crossfade.config.ts says holds.'
  say(text)
  if (files.length === 0) return say(`There is no recording in ${recordingsIn(dataDir)}.`)
  printTable(
    ['recording', 'bytes', 'last written'],
    files.map(({ path, bytes, at }) => [path, bytes, at.toISOString()]),
  )
}

/** What gateways write down of what clients ask; needs neither store. */
export function recordCommand(): Command {
  const record = new Command('record').description('operations that clients send, in a file to be replayed')
  const add = (name: string, description: string, example: string): Command =>
    record
      .command(name)
      .description(description)
      .addHelpText('before', `Example:\n  ${example}\n`)
      .option('--json', 'print as JSON')
  add(
    'start',
    'the gateways of the data directory record a share of their operations for a time; sensitive values are left out',
    'crossfade record start --percent 5 --for 1h',
  )
    .option('--percent <n>', 'the share of operations', percentOf, 100)
    .addOption(
      new Option('--for <time>', 'for how long, as 90s, 30m, 4h or 2d; 7d at most')
        .argParser(durationOf)
        .default(durationOf('1h'), '1h'),
    )
    .action(({ json, percent, for: ms }: Options & { readonly percent: number; readonly for: number }) => {
      const dataDir = dataDirectory()
      if (!existsSync(dataDir))
        warn(`There was no ${dataDir}, so that no gateway has it for its data directory: see CROSSFADE_DATA_DIR.`)
      const said = { percent, until: new Date(Date.now() + ms).toISOString() }
      switchRecord(dataDir, said)
      if (json) printJson({ ...said, folder: recordingsIn(dataDir) })
      else
        say(
          `Gateways whose data directory is ${dataDir} record ${percent}% of their operations within a second, until ${said.until}, in ${recordingsIn(dataDir)}.`,
        )
    })
  add('stop', 'ends what `record start` has begun', 'crossfade record stop').action(({ json }: Options) => {
    const dataDir = dataDirectory()
    switchRecord(dataDir, null)
    if (json) printJson({ stopped: true })
    else say('Stopped. What `record` in crossfade.config.ts says holds within a second.')
  })
  add('status', 'what is recorded, and the recordings of the data directory', 'crossfade record status').action(
    ({ json }: Options) => printStatus(dataDirectory(), json === true),
  )
  return record
}
