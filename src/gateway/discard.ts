import type { IncomingMessage } from 'node:http'

/** How long a client may go on sending what was refused, in milliseconds: most read the answer only afterwards. */
const patienceMs = 1_000

/** Parts of it that are read at most: each costs as much as a hundred bytes, however small it is. */
const mostParts = 1_000

/**
 * Ends the connection behind the answer, which is written by the end of this turn. Reading on, as slowly as may be, would
 * cost the others more: a pause does not hold what Node's parser reads by itself.
 */
export function hangUp({ socket }: IncomingMessage): void {
  setImmediate(() => socket.destroySoon())
}

/** Throws away what still arrives of a request that was answered, and hangs up where it does not end. */
export function discard(request: IncomingMessage): void {
  let parts = 0
  request.on('data', () => {
    if (++parts === mostParts) hangUp(request)
  })
  setTimeout(() => {
    if (!request.complete) request.socket.destroy()
  }, patienceMs).unref()
}
