import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/** What `crossfade record start` has said to the gateways of a data directory; a file there, as the kill switch is. */
export interface RecordSwitch {
  /** The share of operations that is recorded, in percent. */
  readonly percent: number
  /** When it ends by itself, in ISO 8601. */
  readonly until: string
}

const fileOf = (dataDir: string): string => join(dataDir, 'record.json')

const form: z.ZodType<RecordSwitch> = z.object({ percent: z.number().min(0).max(100), until: z.iso.datetime() })

/** Null where the text says nothing that is in force: whoever cannot read it records nothing. */
function inForce(text: string): RecordSwitch | null {
  try {
    const { data } = form.safeParse(JSON.parse(text))
    return data && Date.parse(data.until) > Date.now() ? data : null
  } catch {
    return null
  }
}

/** Null while nothing is said, or it is over. */
export const readRecordSwitch = async (dataDir: string): Promise<RecordSwitch | null> =>
  inForce(await readFile(fileOf(dataDir), 'utf8').catch(() => ''))

/** Turns recording on for a time, or off. */
export function switchRecord(dataDir: string, said: RecordSwitch | null): void {
  const file = fileOf(dataDir)
  if (!said) {
    rmSync(file, { force: true })
    return
  }
  mkdirSync(dataDir, { recursive: true })
  writeFileSync(`${file}.new`, JSON.stringify(said))
  renameSync(`${file}.new`, file)
}

/** The same at once, for commands. */
export function recordSwitchNow(dataDir: string): RecordSwitch | null {
  try {
    return inForce(readFileSync(fileOf(dataDir), 'utf8'))
  } catch {
    return null
  }
}
