import { hostname, userInfo } from 'node:os'

/** As the history names whoever runs a command; a container's user may have no name. */
export function whoRuns(): string {
  try {
    return `${userInfo().username}@${hostname()}`
  } catch {
    return `${process.getuid?.() ?? 'somebody'}@${hostname()}`
  }
}
