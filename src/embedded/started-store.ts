/** A store that answers, and how it came to. */
export interface StartedStore {
  /** `MongoDB`, `SecantusDB` or `PostgreSQL`. */
  readonly name: string
  readonly version: string
  readonly uri: string
  /** The server's process; null for a server that somebody else runs. */
  readonly pid: number | null
  /** False where it was running already. */
  readonly startedHere: boolean
}

export interface StartOptions {
  /** Where data, logs and what was chosen are kept. */
  readonly dataDir: string
  readonly log: (line: string) => void
  /** True leaves the servers running when this process ends. Default false. */
  readonly keep?: boolean
}
