/** Which store a value, read or write belongs to. */
export type Origin = 'mongo' | 'postgres'

export const origins: readonly Origin[] = ['mongo', 'postgres']

export const otherOrigin = (origin: Origin): Origin => (origin === 'mongo' ? 'postgres' : 'mongo')
