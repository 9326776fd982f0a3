/** What whoever holds a token may do: each may do what those before it may. */
export const roles = ['viewer', 'qa', 'operator'] as const

export type Role = (typeof roles)[number]

export const mayDo = (role: Role, needed: Role): boolean => roles.indexOf(role) >= roles.indexOf(needed)
