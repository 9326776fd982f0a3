/** A store that answers, and how it came to. */
export interface StartedStore {
  /** `MongoDB`, `SecantusDB` or `PostgreSQL`: what the server itself says that it is. */
  readonly name: string
  readonly version: string
  readonly uri: string
  /** The server's process; null for a server that was given by its address. */
  readonly pid: number | null
  /** False where it was running already, or was given: then it is not ours to stop. */
  readonly startedHere: boolean
}

export interface StartOptions {
  /** Where data, logs and what was chosen are kept; made where it is missing. */
  readonly dataDir: string
  /** Receives one line a start, and one for each choice that failed, with the reason. */
  readonly log: (line: string) => void
  /** True leaves the servers running when this process ends. Default false: they end with it. */
  readonly keep?: boolean
}
