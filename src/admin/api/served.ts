import type { Notices } from '../../control/notices.ts'
import type { Role } from '../../control/role.ts'
import type { Routing, Stores } from '../../routing/routing.ts'
import type { GatedApp } from '../asks-gates.ts'
import type { Killed } from '../killed.ts'
import type { Verifies } from '../verifies.ts'
import type { Known } from './known.ts'

/** What the API tells of, and acts on. */
export interface Served {
  readonly app: GatedApp
  readonly stores: Stores
  readonly killed: Killed
  readonly verify: Verifies
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
