import { say } from './output.ts'

/** Resolves at the first Ctrl-C or SIGTERM; a second one ends the process at once. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    const stop = (): void => {
      if (asked) process.exit(130)
      asked = true
      resolve()
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
  })
}

/** A signal that is aborted by the first Ctrl-C or SIGTERM. */
export function untilAborted(): AbortController {
  const controller = new AbortController()
  void untilSignal().then(() => controller.abort())
  return controller
}

/** Ends the command at once after Ctrl-C, with a line: what is under way is not waited for, and nothing is lost. */
export const leaving =
  (line: string) =>
  (error: unknown): never => {
    // A DOMException, or what Node's own timers reject with
    if (!(error instanceof Error) || error.name !== 'AbortError') throw error
    say(line)
    process.exit(130)
  }
