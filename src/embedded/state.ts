import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a server needs to be found again: kept in `stores.json`, mode 0600, since it holds a password. */
export interface ServerState {
  readonly port: number
  readonly pid: number
  /** How it was started, where there is a choice. */
  readonly choice?: string
  readonly password?: string
}

export type Part = 'mongo' | 'postgres'

type State = Partial<Record<Part, ServerState>>

const fileOf = (dataDir: string): string => join(dataDir, 'stores.json')

function readAll(dataDir: string): State {
  try {
    return JSON.parse(readFileSync(fileOf(dataDir), 'utf8')) as State
  } catch {
    return {} // first start, or a file that was cut off: ports and choices are made anew, data stays
  }
}

export const readState = (dataDir: string, part: Part): ServerState | undefined => readAll(dataDir)[part]

export function writeState(dataDir: string, part: Part, state: ServerState): void {
  mkdirSync(dataDir, { recursive: true })
  const file = fileOf(dataDir)
  writeFileSync(`${file}.new`, JSON.stringify({ ...readAll(dataDir), [part]: state }, null, 2), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
