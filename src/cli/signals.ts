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

export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError'
