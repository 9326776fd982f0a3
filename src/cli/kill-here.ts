import { kill } from '../control/kill-file.ts'
import { messageOf } from '../util/errors.ts'

/** What is killed by the file of this data directory, or why that could not be written. */
export interface KilledHere {
  readonly killed: readonly string[] | null
  readonly fault: string | null
}

/** Never throws: whoever is to be told besides is told all the same. */
export function killHere(dataDir: string, type: string, on: boolean): KilledHere {
  try {
    return { killed: kill(dataDir, type, on), fault: null }
  } catch (error) {
    return { killed: null, fault: messageOf(error) }
  }
}
