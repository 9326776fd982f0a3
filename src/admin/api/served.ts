import type { Notices } from '../../control/notices.ts'
import type { Role } from '../../control/role.ts'
import type { RecordingFile } from '../../replay/recordings.ts'
import type { Routing, Stores } from '../../routing/routing.ts'
import type { GatedApp } from '../asks-gates.ts'
import type { JobsApart } from '../jobs-apart.ts'
import type { Killed } from '../killed.ts'
import type { Known } from './known.ts'

/** What the API tells of, and acts on. */
export interface Served {
  readonly app: GatedApp
  readonly stores: Stores
  readonly killed: Killed
  readonly jobs: JobsApart
  /** What gateways of this data directory have recorded. */
  readonly recordings: () => Promise<readonly RecordingFile[]>
  /** What the error of a store says to an operator; null for what is no store's. */
  readonly tell: (error: unknown) => string | null
  readonly log: Routing['log']
  /** Default: nobody is told. */
  readonly notices?: Notices | undefined
}

/** Who asks. */
export interface Asker {
  readonly name: string
  readonly role: Role
}

export interface ApiContext {
  readonly asker: Asker
  readonly known: Known
}
