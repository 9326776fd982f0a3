import { isAlive, signal } from './running-process.ts'

const endings = new Map<number, NodeJS.Signals>()
const interrupts: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

function endAll(): void {
  for (const [pid, name] of endings) {
    if (!isAlive(pid)) continue
    signal(pid, name)
    signal(pid, 'SIGCONT')
  }
}

/** Without a listener a signal would end us and run no exit hook; with one it would not end us. So it is raised again. */
function onInterrupt(name: NodeJS.Signals): void {
  if (process.listenerCount(name) > 1) return // the program shuts down in its own order, and then exits
  endAll()
  process.removeListener(name, onInterrupt)
  process.kill(process.pid, name)
}

/**
 * Ends the server with this process: when it exits, throws, or gets SIGINT, SIGTERM or SIGHUP. Nothing can be done
 * about SIGKILL; there the next start finds the server by its record.
 */
export function endWithUs(pid: number, name: NodeJS.Signals): void {
  if (endings.size === 0) {
    process.on('exit', endAll)
    for (const interrupt of interrupts) process.on(interrupt, onInterrupt)
  }
  endings.set(pid, name)
}

/** The server was stopped: nothing is left to end. */
export function forget(pid: number): void {
  if (!endings.delete(pid) || endings.size > 0) return
  process.removeListener('exit', endAll)
  for (const interrupt of interrupts) process.removeListener(interrupt, onInterrupt)
}
