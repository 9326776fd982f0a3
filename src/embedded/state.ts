import { mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'

export type Part = 'mongo' | 'postgres'

export const parts: readonly Part[] = ['mongo', 'postgres']

/** What a server needs to be found again: kept in `stores.json`, mode 0600, since it holds a password. */
export interface ServerState {
  readonly port: number
  /** 0 where it was never spawned. */
  readonly pid: number
  /** The directory of its files, which its command line names. */
  readonly data: string
  /** Identity of the process that it ends with; null where it is to go on running. */
  readonly owner: string | null
  /** How it was started, where there is a choice. */
  readonly choice?: string
  readonly password?: string
}

type State = Partial<Record<Part, ServerState>>

const server: z.ZodType<ServerState> = z.object({
  port: z.int(),
  pid: z.int(),
  data: z.string(),
  owner: z.string().nullable(),
  choice: z.string().optional(),
  password: z.string().optional(),
})
const form: z.ZodType<State> = z.object({
  mongo: server.optional().catch(undefined),
  postgres: server.optional().catch(undefined),
})

const fileOf = (dataDir: string): string => join(dataDir, 'stores.json')

/** The one spelling of a data directory: servers are recognised by the path on their command line. */
export function realDataDir(dataDir: string): string {
  try {
    return realpathSync(dataDir)
  } catch {
    return resolve(dataDir)
  }
}

function readAll(dataDir: string): State {
  try {
    return form.parse(JSON.parse(readFileSync(fileOf(dataDir), 'utf8')))
  } catch {
    return {} // first start, or the file is gone or another version's: ports and password are made anew, data stays
  }
}

export const readState = (dataDir: string, part: Part): ServerState | undefined => readAll(dataDir)[part]

/** Replaces what is known of one server, whole or not at all. Writers hold the start lock. */
export function writeState(dataDir: string, part: Part, state: ServerState | undefined): void {
  mkdirSync(dataDir, { recursive: true })
  const file = fileOf(dataDir)
  writeFileSync(`${file}.new`, JSON.stringify({ ...readAll(dataDir), [part]: state }, null, 2), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
