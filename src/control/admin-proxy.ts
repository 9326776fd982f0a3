import type { Role } from './role.ts'

/** Apart, since somebody may take a name that a group has. */
interface Holders {
  /** People, as the header of `user` names them. */
  readonly users?: readonly string[]
  readonly groups?: readonly string[]
}

/** A proxy before the admin port that signs people in, as by OpenID Connect, and says who they are. */
export interface AdminProxy {
  /** Addresses that it asks from: of all others its headers are not believed. */
  readonly addresses: readonly string[]
  /** The header with a person's name, which the proxy sets whatever a client sends; default `x-forwarded-email`. */
  readonly user?: string
  /** The header with the groups, between commas; default `x-forwarded-groups`. */
  readonly groups?: string
  /** Who has a role; of several the one that may most counts. */
  readonly roles: Partial<Readonly<Record<Role, Holders>>>
}
