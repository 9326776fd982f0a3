import { createContext } from 'preact'

export type Role = 'viewer' | 'qa' | 'operator'

const roles: readonly Role[] = ['viewer', 'qa', 'operator']

/** Who looks. */
export interface Who {
  readonly name: string
  readonly role: Role
}

export interface SessionOf extends Who {
  /** Forgets the token. */
  readonly leave: () => void
}

export const Session = createContext<SessionOf>({ name: '', role: 'viewer', leave: () => undefined })

/** Each may do what those before it may. */
export const mayDo = ({ role }: Who, needed: Role): boolean => roles.indexOf(role) >= roles.indexOf(needed)
