import type { IncomingMessage } from 'node:http'

/** How long a client may go on sending what was refused, in milliseconds: most read the answer only afterwards. */
const patienceMs = 1_000

/** Throws away what still arrives of a request that was answered, and hangs up where it does not end. */
export function discard(request: IncomingMessage): void {
  request.resume()
  setTimeout(() => {
    if (!request.complete) request.socket.destroy()
  }, patienceMs).unref()
}
